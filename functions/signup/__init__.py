"""What the user pool asks before a sign-up, and tells after an address was confirmed."""
