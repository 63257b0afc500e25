"""What the trainings function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The state machine, beside whose tokens count."""

    state_machine_arn: str
    """State machine that trains."""
