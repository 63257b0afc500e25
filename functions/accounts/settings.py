"""What the accounts function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The tables of users and sessions, and the cache that hears of a sign-out, beside the pool."""

    sessions_table: str
    """Table that each sign-in is written to."""
    users_table: str
    """Table of users."""
    cache_host: str
    """Primary address of the cache."""
    cache_port: int
    """Port of the cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
    session_days: int = 30
    """How long a session lasts: as long as the app client's refresh tokens."""
