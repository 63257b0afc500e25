"""Trained models: the list of them, and their approval."""
