"""What the approvals function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The models, their package group, and the state machine."""

    models_table: str
    """Table of trained models."""
    state_machine_arn: str
    """State machine that trains and promotes."""
    model_package_group: str
    """Model package group whose decisions count."""
