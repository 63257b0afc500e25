"""The engine that a function's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex

from functions.insights.engines.bedrock import Bedrock
from functions.insights.engines.comprehend import Comprehend
from functions.insights.logic import Engine
from functions.insights.settings import Settings
from functions.shared.aws.calls import Service


def engine(settings: Settings, environ: Mapping[str, str]) -> Engine:
    """The engine that the settings name."""
    deadline_s = settings.deadline_ms / 1000
    if settings.engine == "comprehend":
        return Comprehend(Service("comprehend", environ, timeout_s=deadline_s))
    guardrail = (settings.guardrail_id, settings.guardrail_version) if settings.guardrail_id else None
    return Bedrock(
        Service("bedrock-runtime", environ, timeout_s=deadline_s),
        settings.model_id,
        guardrail=guardrail,
        max_tokens=settings.max_tokens,
        repair_s=settings.repair_ms / 1000,
        new_mark=lambda: f"feedback-{token_hex(8)}",
    )
