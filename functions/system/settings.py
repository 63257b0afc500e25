"""What the system function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What health answers with."""

    environment: str
    """Name of the stack: dev, staging, prod."""
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
