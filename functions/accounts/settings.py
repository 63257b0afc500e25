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
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
