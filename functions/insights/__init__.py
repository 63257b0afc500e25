"""What customers say: sentiment, needs, safety concerns and adverse events."""
