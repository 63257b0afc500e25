"""What the insights function needs beside a function: an engine, the rights to ask it, and limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

from pulumi import Input

from components.ml_endpoint.rights import local_arn, place
from components.values import Alarm, MetricExpression, Statement, Widget, formatted, measured

_PROFILE: Final = re.compile(r"(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?P<model>.+)")
"""An inference profile of AWS's: a model that is asked in whichever of several regions has room."""


class InsightsArgs(TypedDict):
    """Engine and limits of the insights function."""

    engine: str
    """bedrock or comprehend."""
    model_id: str
    """Model or inference profile of Bedrock; asked only where that is the engine."""
    counters_table: Input[str]
    """Name of the table that counts each caller's tokens of the day."""
    statements: Sequence[Statement]
    """Rights to ask the engine (`may_ask`, and the guardrail's)."""
    guardrail_id: NotRequired[Input[str]]
    """Guardrail of Bedrock; none by default."""
    guardrail_version: NotRequired[Input[str]]
    """Its published version."""
    daily_tokens: NotRequired[int]
    """Tokens that one caller may use a day; 200,000 by default."""
    max_tokens: NotRequired[int]
    """Longest answer; 500 by default."""
    input_price_usd: NotRequired[float]
    """USD for a million input tokens; 1 by default."""
    output_price_usd: NotRequired[float]
    """USD for a million output tokens; 5 by default."""


def may_ask(key_arn: Input[str], engine: str, model_id: str) -> list[Statement]:
    """The right to ask an engine, in the key's region and account."""
    if engine == "comprehend":
        # Comprehend's own models have no ARN (Service Authorization Reference, Amazon Comprehend).
        actions = ["DominantLanguage", "Entities", "KeyPhrases", "PiiEntities", "Sentiment"]
        return [
            {
                "Sid": "AskComprehend",
                "Effect": "Allow",
                "Action": [f"comprehend:Detect{action}" for action in actions],
                "Resource": ["*"],
            }
        ]
    where, found = place(key_arn), _PROFILE.fullmatch(model_id)
    if found is None:
        region = where[1].apply(lambda text: text.split(":")[0])
        model = formatted("arn:{0}:bedrock:{1}::foundation-model/{2}", where[0], region, model_id)
        return [{"Sid": "AskModel", "Effect": "Allow", "Action": ["bedrock:InvokeModel"], "Resource": [model]}]
    profile = local_arn(key_arn, "bedrock", f"inference-profile/{model_id}")
    return [
        {"Sid": "AskProfile", "Effect": "Allow", "Action": ["bedrock:InvokeModel"], "Resource": [profile]},
        {
            # The profile decides on the region, so it stands open; the model is named, and only this profile may ask.
            "Sid": "AskModelOfProfile",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel"],
            "Resource": [formatted("arn:{0}:bedrock:*::foundation-model/{1}", where[0], found["model"])],
            "Condition": {"StringEquals": {"bedrock:InferenceProfileArn": [profile]}},
        },
    ]


def alarms(function: Input[str]) -> list[Alarm]:
    """The engine fails: answers hold adverse events and nothing else."""
    metrics = {
        "asked": measured(function, "InsightsRead", "texts"),
        "degraded": measured(function, "InsightsDegraded", "not read"),
    }
    share = MetricExpression(
        # A single failure at night is no news.
        expression="IF(asked > 4, 100 * degraded / asked, 0)",
        metrics=metrics,
        label="texts that no engine read",
        period_s=300,
        unit="Percent",
    )
    return [
        Alarm(
            name="insights-degraded",
            metric=share,
            threshold=20,
            periods=3,
            description="one text in five is not read by the language model or Comprehend",
            runbook="insights-degraded",
        )
    ]


def widgets(function: Input[str]) -> list[Widget]:
    """Texts, adverse events, time and cost."""
    return [
        Widget(
            title="Insights: texts and adverse events",
            section="Insights",
            metrics=[
                measured(function, "InsightsRead", "texts"),
                measured(function, "InsightsDegraded", "not read by the engine"),
                measured(function, "AdverseEvents", "adverse events"),
            ],
            y_label="in five minutes",
        ),
        Widget(
            title="Insights: time",
            section="Insights",
            metrics=[measured(function, "InsightsTime", rank, rank) for rank in ("p50", "p95")],
            y_label="ms",
        ),
        Widget(
            title="Insights: cost of the engine",
            section="Insights",
            metrics=[measured(function, "InsightsCost", "USD")],
            y_label="USD in five minutes",
        ),
    ]
