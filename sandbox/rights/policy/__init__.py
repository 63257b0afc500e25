"""The language of IAM policies, compiled once and asked often."""
