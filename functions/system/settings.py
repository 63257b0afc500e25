"""What the system function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.database.settings import DatabaseSettings
from functions.shared.door.settings import DoorSettings


@dataclass(frozen=True, kw_only=True)
class Settings(DoorSettings, DatabaseSettings):
    """What health answers with."""

    environment: str
    """Name of the stack: dev, staging, prod."""
    endpoint_name: str
    """SageMaker endpoint that answers predictions."""
    cache_host: str
    """Primary address of the prediction cache."""
    cache_port: int
    """Port of the prediction cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
