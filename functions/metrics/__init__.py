"""Figures of the platform for Prometheus, as CloudWatch has them."""
