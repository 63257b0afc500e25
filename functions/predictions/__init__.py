"""Answers of the live model, from the cache where it has been asked before."""
