"""Bodies of the system routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from functions.shared.schemas import Answer, example


class Health(Answer):
    """The API answers."""

    model_config = example({"status": "live", "environment": "prod", "timestamp": "2026-01-31T12:00:00.000Z"})
    status: Literal["live"]
    environment: str
    timestamp: str


class Part(Answer):
    """One part of the platform."""

    state: Annotated[Literal["up", "slow", "down"], Field(description="`slow`: it has not answered within a second")]
    latency_ms: Annotated[float, Field(ge=0, description="How long the answer took, or was waited for")]


class Ready(Answer):
    """Predictions are answered; `degraded` where a part is missed that they can do without."""

    model_config = example(
        {
            "status": "degraded",
            "parts": {
                "cache": {"state": "down", "latencyMs": 50.2},
                "model": {"state": "up", "latencyMs": 12.4},
                "database": {"state": "up", "latencyMs": 3.1},
            },
            "timestamp": "2026-01-31T12:00:00.000Z",
        }
    )
    status: Literal["ready", "degraded"]
    parts: dict[str, Part]
    timestamp: str


class ModelReady(Answer):
    """The live model answers."""

    model_config = example({"status": "ready", "latencyMs": 12.4, "timestamp": "2026-01-31T12:00:00.000Z"})
    status: Literal["ready"]
    latency_ms: Annotated[float, Field(ge=0, description="How long its answer took")]
    timestamp: str


class OpenApiDocument(RootModel[dict[str, Any]]):
    """The OpenAPI 3.0 document of this API."""
