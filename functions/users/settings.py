"""What the users function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.database.settings import DatabaseSettings
from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings, DatabaseSettings):
    """The tables, the cache and the database that hear of a closed account, beside whose tokens count."""

    users_table: str
    """Table of users."""
    folders_bucket: str
    """Bucket in which each user has a folder."""
    cache_host: str
    """Primary address of the cache."""
    cache_port: int
    """Port of the cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
    session_days: int = 30
    """How long a session lasts: as long as the app client's refresh tokens."""
