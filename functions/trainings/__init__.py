"""Trainings started by hand."""
