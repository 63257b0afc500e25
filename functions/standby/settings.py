"""What the standby function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The models and what serves and trains them in this region."""

    models_table: str
    """Table of trained models, or its replica in this region."""
    models_bucket: str
    """Bucket of this region that model archives are replicated to."""
    endpoint_name: str
    """SageMaker endpoint of this region."""
    name_prefix: str
    """Beginning of the names of models and endpoint configurations."""
    model_package_group: str
    """Model package group of this region."""
    hosting: str
    """JSON: how versions are served here (components.ml_endpoint.HostingShape)."""
    rules: str
    """Names of the EventBridge rules that start trainings, with commas between."""
    schedule: str
    """Name of the schedule that starts trainings."""
    wait_s: int = 780
    """Longest wait for an archive that is not replicated yet, or an endpoint that still changes."""
    pause_s: int = 10
    """Wait between two looks."""
