"""What the migrations function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where the database is, and as whom to change it."""

    database_host: str
    """Address of the proxy."""
    database_port: int
    """Port of the proxy."""
    database_name: str
    """Name of the database."""
    database_user: str
    """Role that owns the schema; signs in by IAM."""
    application_secret: str
    """ARN of the secret with `username` and `password` of the role that the other functions use."""
    wait_s: float = 240.0
    """How long to wait for a database that has just been made, or sleeps."""
