"""What the metrics function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """Whose figures are told, beside whose tokens count."""

    period_s: int = 0
    """How long a stretch figures are of; with 0 the stack tells Prometheus nothing."""
    name_prefix: str = ""
    """Beginning of the names of API and functions, such as `mlplatform-dev`."""
    stage: str = ""
    """Stage of the API."""
    functions: str = ""
    """Capabilities of the API's functions, with commas between."""
    endpoint_name: str = ""
    """SageMaker endpoint that answers predictions."""
    variant: str = ""
    """Its variant."""
    state_machine_arn: str = ""
    """State machine of the trainings."""
