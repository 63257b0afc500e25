"""What the registry function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The models, their package group, and whose tokens count."""

    user_pool_id: str
    """User pool whose tokens count."""
    client_id: str
    """App client whose tokens count."""
    models_table: str
    """Table of trained models."""
    model_package_group: str
    """Model package group that is listed."""
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
