"""Public keys of user pools, read once at each deployment."""
