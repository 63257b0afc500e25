"""Bodies of the system routes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import RootModel

from functions.shared.schemas import Answer, example


class Health(Answer):
    """The API answers."""

    model_config = example({"status": "live", "environment": "prod", "timestamp": "2026-01-31T12:00:00.000Z"})
    status: Literal["live"]
    environment: str
    timestamp: str


class OpenApiDocument(RootModel[dict[str, Any]]):
    """The OpenAPI 3.0 document of this API."""
