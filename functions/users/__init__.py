"""Users' records, and the closing of an account."""
