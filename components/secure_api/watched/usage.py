"""What the platform is used for: users, predictions, how many succeed, how long they take, how sure they are."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.secure_api.watched.signals import metric
from components.values import Alarm, Metric, MetricExpression, Widget, measured
from functions.routes import ROUTES

_DAY_S: Final = 86_400
_HOUR_S: Final = 3600
_SECTION: Final = "Predictions"


def signed(pool: Input[str], client: Input[str], name: str, *, label: str) -> Metric:
    """What the user pool counts of one client: 1 for what succeeded, 0 for what did not."""
    dimensions = {"UserPool": pool, "UserPoolClient": client}
    return Metric(namespace="AWS/Cognito", name=name, dimensions=dimensions, period_s=_DAY_S, label=label)


def active_users(rule: str) -> MetricExpression:
    """How many different users had an answer on a day, by the rule that reads the log of predictions."""
    expression = f'INSIGHT_RULE_METRIC("{rule}", "UniqueContributors")'
    return MetricExpression(expression=expression, metrics={}, label="users", period_s=_DAY_S, unit="Count")


def alarms(predictions: Input[str]) -> list[Alarm]:
    """Predictions that are less sure than usual: the inputs may have drifted from what the model was trained on."""
    sure = measured(predictions, "Confidence", "confidence", "Average")
    return [
        Alarm(
            name="model-drift",
            metric=sure.over(_HOUR_S),
            comparison="LessThanLowerThreshold",
            threshold=3,
            periods=3,
            description="the model is less sure of its predictions than usual: its inputs may have drifted",
            runbook="model-drift",
            part_of=("model-degraded",),
        )
    ]


def widgets(
    api: str, stage: str, predictions: Input[str], rule: str, *, pool: Input[str], client: Input[str]
) -> list[Widget]:
    """The business dashboard."""
    asked = [route for route in ROUTES if route.capability == "predictions" and route.method == "POST"]
    routes = [route for route in asked if not route.planned]
    routes = [route for route in routes if not route.planned]
    made = measured(predictions, "Predictions", "predictions")
    times = [measured(predictions, "ProcessingTime", rank, rank) for rank in ("p50", "p95", "p99")]
    return [
        Widget(
            title="Daily active users",
            section="Users",
            metrics=[active_users(rule)],
            kind="number",
            board="business",
        ),
        Widget(
            title="Registrations and sign-ins",
            section="Users",
            metrics=[
                signed(pool, client, "SignUpSuccesses", label="registrations"),
                signed(pool, client, "SignInSuccesses", label="sign-ins"),
            ],
            y_label="a day",
            width=16,
            board="business",
        ),
        Widget(title="Predictions", section=_SECTION, metrics=[made], y_label="in 5 minutes", board="business"),
        Widget(
            title="Success rate",
            section=_SECTION,
            metrics=[success(api, stage, route.method, route.path) for route in routes],
            y_label="% of requests that are not failed by us",
            board="business",
        ),
        Widget(title="Processing time", section=_SECTION, metrics=times, y_label="ms", board="business"),
        Widget(
            title="Confidence",
            section="Models",
            metrics=[measured(predictions, "Confidence", rank, rank) for rank in ("Average", "p10")],
            y_label="%",
            width=12,
            board="business",
        ),
    ]


def success(api: str, stage: str, method: str, path: str) -> MetricExpression:
    """Requests of a route that were not failed by us, in per cent; no data while nobody asks."""
    route = next(route for route in ROUTES if (route.method, route.path) == (method, path))
    return MetricExpression(
        expression="100 * (1 - failed / calls)",
        metrics={
            "calls": metric(api, stage, "Count", label="requests", route=route).over(300),
            "failed": metric(api, stage, "5XXError", label="failed", route=route).over(300),
        },
        label=route.key,
        period_s=300,
        unit="Percent",
    )
