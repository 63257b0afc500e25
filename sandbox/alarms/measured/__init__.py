"""What happened, as data points: counted where it happens, kept for a day."""
