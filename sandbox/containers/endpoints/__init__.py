"""Endpoints: fleets of model processes."""
