"""What a rotation function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """One secret, and what its value opens."""

    kind: str
    """What is rotated: cache, database or signing."""
    secret_arn: str
    """The one secret that this function rotates."""
    cache_group: str = ""
    """Id of the replication group; for the kind cache."""
    cache_host: str = ""
    """Address of its primary; for the kind cache."""
    cache_port: int = 6379
    """Port of the primary."""
    database_host: str = ""
    """Address of the proxy; for the kind database."""
    database_port: int = 5432
    """Port of the proxy."""
    database_name: str = ""
    """Name of the database."""
    database_user: str = ""
    """Role that sets passwords."""
    overlap_days: float = 7
    """How long a signing key goes on to be accepted after its successor has taken over; for the kind signing."""
