"""`GET /v1/health…`, and the document of the API: `GET /v1/openapi.json` and, as a page, `GET /v1/docs`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from functions.shared.api import App, Operation, Page, serve
from functions.shared.door.origins import Origins
from functions.shared.logs import Log, now
from functions.shared.settings import load
from functions.system.health import Health, Probe
from functions.system.probes import probes
from functions.system.schemas import Health as Live
from functions.system.settings import Settings

DOCUMENT = Path(__file__).with_name("openapi.json")
"""Put beside this file when the archive is built."""

PAGE = "docs.json"
"""Beside it: the page, and the policy for the browser that goes with it."""


def build(
    environ: Mapping[str, str] = os.environ, document: Path = DOCUMENT, asked: Mapping[str, Probe] | None = None
) -> App:
    """Everything that the function needs; document and page are read once."""
    settings = load(Settings, environ)
    content = document.read_bytes()
    shown = json.loads(document.with_name(PAGE).read_text(encoding="utf-8"))
    page = Page(shown["page"], "text/html; charset=utf-8", {"Content-Security-Policy": shown["policy"]})

    health = Health(probes(settings, environ) if asked is None else asked)

    def live() -> Live:
        return Live(status="live", environment=settings.environment, timestamp=now())

    return App(
        {
            "GET /v1/health": Operation(lambda _: live()),
            "GET /v1/health/ready": Operation(lambda _: health.ready(now())),
            "GET /v1/health/model": Operation(lambda _: health.model(now())),
            "GET /v1/openapi.json": Operation(lambda _: content, tagged=True),
            "GET /v1/docs": Operation(lambda _: page),
        },
        Log(environ["AWS_LAMBDA_FUNCTION_NAME"]),
        origins=Origins(settings.cors_origins),
    )


handler = serve(build)
