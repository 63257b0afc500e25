"""`POST /v1/insights`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from secrets import token_hex
from uuid import uuid4

from functions.insights.bedrock import Bedrock
from functions.insights.comprehend import Comprehend
from functions.insights.logic import Engine, Prices, Reader
from functions.insights.schemas import Insights, InsightsRequest
from functions.insights.settings import Settings
from functions.insights.store import DailyTokens
from functions.shared.api import App, Operation, Request, serve
from functions.shared.aws.calls import Service
from functions.shared.identity.pool import sessions, verifier
from functions.shared.logs import Log, now
from functions.shared.settings import load

SCOPES = ("aws.cognito.signin.user.admin", "platform/insights")
METRICS: Mapping[str, str] = {
    "InsightsRead": "Count",
    "InsightsDegraded": "Count",
    "AdverseEvents": "Count",
    "InsightsTime": "Milliseconds",
    "InsightsCost": "None",
}
"""What the function counts, in namespace MLPlatform by `Function`; the cost is in USD."""


def operations(reader: Reader) -> dict[str, Operation]:
    """What stands behind the route."""

    def insights(request: Request) -> Insights:
        made, why = reader.insights(request.body, request.caller.user_id, now())
        serious = sum(event.serious for event in made.adverse_events)
        request.notes.update(outcome=made.status, language=made.language, engine=made.engine, why=why, serious=serious)
        request.metrics = {
            "InsightsRead": 1,
            "InsightsDegraded": int(made.status == "unavailable"),
            "AdverseEvents": len(made.adverse_events),
            "InsightsTime": made.processing_time,
            "InsightsCost": made.usage.cost_usd,
        }
        return made

    return {"POST /v1/insights": Operation(insights, scopes=SCOPES, request=InsightsRequest)}


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


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    budget = DailyTokens(Service("dynamodb", environ, timeout_s=0.5), settings.counters_table, settings.daily_tokens)
    reader = Reader(
        engine(settings, environ),
        budget,
        Prices(settings.input_price_usd, settings.output_price_usd),
        new_id=lambda: str(uuid4()),
        deadline_s=settings.deadline_ms / 1000,
    )
    return App(
        operations(reader),
        Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS),
        verifier(settings, environ),
        settings.cors_origin,
        sessions(settings, environ),
    )


handler = serve(build)
