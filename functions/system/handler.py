"""`GET /v1/health` and `GET /v1/openapi.json`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from functions.shared.api import App, Operation, serve
from functions.shared.logs import Log, now
from functions.shared.settings import load
from functions.system.schemas import Health
from functions.system.settings import Settings

DOCUMENT = Path(__file__).with_name("openapi.json")
"""Put beside this file when the archive is built."""


def build(environ: Mapping[str, str] = os.environ, document: Path = DOCUMENT) -> App:
    """Everything that the function needs; the document is read once."""
    settings = load(Settings, environ)
    content = document.read_bytes()

    def health() -> Health:
        return Health(status="live", environment=settings.environment, timestamp=now())

    return App(
        {
            "GET /v1/health": Operation(lambda _: health()),
            "GET /v1/openapi.json": Operation(lambda _: content),
        },
        Log(environ["AWS_LAMBDA_FUNCTION_NAME"]),
        cors_origin=settings.cors_origin,
    )


handler = serve(build)
