"""What the compare function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where the figures lie, and what a new model must reach."""

    models_table: str
    """Table of trained models."""
    metric: str
    """Figure that decides: accuracy, precision, recall, f1 or roc_auc."""
    threshold: float
    """What the figure must reach, from 0 to 1."""
