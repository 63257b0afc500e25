"""What the accounts function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The user pool and its app client."""

    user_pool_id: str
    """User pool that holds the accounts."""
    client_id: str
    """App client that signs in."""
