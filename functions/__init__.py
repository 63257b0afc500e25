"""What runs in Lambda: one folder a capability, plus what they share."""
