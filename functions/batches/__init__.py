"""Batches of predictions, as their callers see them."""
