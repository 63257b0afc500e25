"""What the registry function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The models and their package group, beside whose tokens count."""

    models_table: str
    """Table of trained models."""
    model_package_group: str
    """Model package group that is listed."""
