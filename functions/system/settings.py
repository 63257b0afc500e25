"""What the system function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.door.settings import DoorSettings


@dataclass(frozen=True, kw_only=True)
class Settings(DoorSettings):
    """What health answers with."""

    environment: str
    """Name of the stack: dev, staging, prod."""
