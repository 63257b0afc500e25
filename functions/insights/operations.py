"""The operation of the insights route."""

from __future__ import annotations

from functions.insights.logic import Reader
from functions.insights.schemas import Insights, InsightsRequest
from functions.measures import MEASURES
from functions.shared.api import Operation, Request
from functions.shared.logs import now

SCOPES = ("aws.cognito.signin.user.admin", "platform/insights")
METRICS = MEASURES["insights"]
"""What the function counts."""


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
