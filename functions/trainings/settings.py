"""What the trainings function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The state machine, and whose tokens count."""

    user_pool_id: str
    """User pool whose tokens count."""
    client_id: str
    """App client whose tokens count."""
    state_machine_arn: str
    """State machine that trains."""
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
