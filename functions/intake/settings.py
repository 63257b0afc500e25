"""What the intake function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where data and models lie, and what counts as the same training."""

    models_table: str
    """Table of trained models; holds the claim of a training on its data."""
    raw_bucket: str
    """Bucket that data is uploaded to, below `uploads/`."""
    processed_bucket: str
    """Bucket for the split data."""
    models_bucket: str
    """Bucket for models, checkpoints and evaluations."""
    name_prefix: str
    """Beginning of the names of jobs, models and endpoint configurations."""
    model_package_group: str
    """Model package group that a new version joins."""
    code_digest: str
    """Digest of the training code: other code on the same data is another training."""
    training_settings: str = "{}"
    """Settings of the training as JSON: other settings on the same data are another training."""
    target_column: str = "target"
    """Column that is predicted."""
    max_size_mb: int = 1024
    """Largest data file."""
