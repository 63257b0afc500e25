"""The prediction cache: one Redis connection behind a breaker."""
