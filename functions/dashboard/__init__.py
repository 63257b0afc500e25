"""Figures for a front page."""
