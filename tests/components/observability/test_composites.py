"""Alarms that are made of others, alarms on bands, and the objective's burn rates."""

from __future__ import annotations

from typing import Any

import pytest

from components.observability import COMPOSITES, metric_inputs
from components.observability.composites import rules
from components.secure_api.watched import signals
from components.values import Alarm, MetricExpression
from tests.components.observability.test_component import ALARM, CALLS, ERRORS, RATE, alarm, body, run, widget

COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
API = signals.alarms("api", "stage")


def row(name: str) -> Alarm:
    return next(found for found in API if found.name == name)


def test_a_composite_asks_about_the_alarms_that_name_it() -> None:
    rows = [alarm("a", part_of=("model-degraded",)), alarm("b", part_of=("model-degraded",)), alarm("c")]
    recording = run(alarms=rows)
    made = recording.one(COMPOSITE)
    assert made.inputs["alarmRule"] == 'ALARM("mlplatform-dev-a") OR ALARM("mlplatform-dev-b")'
    assert made.inputs["alarmName"] == "mlplatform-dev-model-degraded"
    assert made.inputs["alarmActions"][0].endswith(":mlplatform-dev-critical")
    assert "docs/runbooks/model-degraded.md" in made.inputs["alarmDescription"]
    # CloudWatch refuses a rule about an alarm that does not exist yet.
    assert {found.urn for found in recording.of_type(ALARM) if found.name in {"watch-a", "watch-b"}} <= set(
        made.dependencies
    )


def test_a_composite_without_members_is_not_made() -> None:
    assert COMPOSITE not in run().counts()


def test_the_burn_rate_asks_both_windows_and_the_outage_asks_the_burn_rate() -> None:
    found = rules(API, "p")
    assert found["api-burn-fast"][0] == 'ALARM("p-api-burn-5m") AND ALARM("p-api-burn-1h")'
    assert found["api-burn-slow"][0] == 'ALARM("p-api-burn-30m") AND ALARM("p-api-burn-6h")'
    assert found["api-down"][0] == 'ALARM("p-api-failing") OR ALARM("p-api-burn-fast")'


@pytest.mark.parametrize(
    ("objective", "name", "threshold", "period_s"),
    [
        (99.5, "api-burn-5m", 7.2, 300),
        (99.5, "api-burn-1h", 7.2, 3600),
        (99.5, "api-burn-30m", 3, 1800),
        (99.5, "api-burn-6h", 3, 21_600),
        (99.9, "api-burn-1h", 1.44, 3600),
    ],
)
def test_burn_rates_scale_with_the_objective(objective: float, name: str, threshold: float, period_s: int) -> None:
    found = next(found for found in signals.alarms("api", "stage", objective) if found.name == name)
    assert (found.threshold, found.metric.period_s, found.quiet) == (threshold, period_s, True)


def test_every_composite_has_members_or_is_made_by_another_component() -> None:
    known = {name for found in API for name in found.part_of}
    assert {"api-burn-fast", "api-burn-slow", "api-down"} <= known | {other.name for other in COMPOSITES}


def test_a_band_is_compared_with_and_not_a_threshold() -> None:
    inputs = metric_inputs(row("api-unusual-traffic"))
    assert "threshold" not in inputs
    assert inputs["threshold_metric_id"] == "band"
    assert inputs["comparison_operator"] == "LessThanLowerOrGreaterThanUpperThreshold"
    band, watched = inputs["metric_queries"]
    assert band["expression"] == "ANOMALY_DETECTION_BAND(watched, 4)"
    assert (watched["return_data"], watched["metric"]["metric_name"]) == (True, "Count")


def test_an_expression_has_no_band() -> None:
    with pytest.raises(ValueError, match="compares an expression with a band; allowed: a metric"):
        alarm(metric=RATE, comparison="GreaterThanUpperThreshold")


def test_a_quiet_alarm_is_part_of_something() -> None:
    with pytest.raises(ValueError, match="is quiet and part of nothing"):
        alarm(quiet=True)


def test_boards_stand_apart_and_only_the_application_shows_alarms() -> None:
    recording = run(widgets=[widget(), widget("Users", "Users", board="business")])
    made = {found.inputs["dashboardName"]: found for found in recording.of_type("aws:cloudwatch/dashboard:Dashboard")}
    assert set(made) == {"mlplatform-dev-application", "mlplatform-dev-business"}
    assert '"alarm"' not in made["mlplatform-dev-business"].inputs["dashboardBody"]


def test_thresholds_are_drawn_where_an_alarm_watches_the_line() -> None:
    picture = body(run(alarms=[alarm("f-errors", metric=ERRORS, threshold=5)], widgets=[widget()]))["widgets"][-1]
    assert picture["properties"]["annotations"] == {"horizontal": [{"label": "alarm: f-errors", "value": 5}]}
    other: Any = body(run(alarms=[alarm(metric=CALLS)], widgets=[widget()]))["widgets"][-1]
    assert "annotations" not in other["properties"]


def test_more_alarms_than_one_picture_shows_are_shown_in_two() -> None:
    pictures = [
        row["properties"]["alarms"]
        for row in body(run(alarms=[alarm(f"a{number}") for number in range(130)]))["widgets"]
        if row["type"] == "alarm"
    ]
    assert [len(arns) for arns in pictures] == [100, 30]


def test_a_composite_that_cloudwatch_would_refuse_is_named() -> None:
    many = [alarm(f"a-{number}", part_of=("model-degraded",)) for number in range(101)]
    with pytest.raises(ValueError, match="'model-degraded' is made of 101 others, in "):
        run(alarms=many)
    long = [alarm(f"{'a' * 100}-{number}", part_of=("model-degraded",)) for number in range(90)]
    with pytest.raises(ValueError, match=" characters; allowed: 100 and 10240; make some of them part"):
        run(alarms=long)


def test_an_alarm_that_reads_more_metrics_than_cloudwatch_takes_is_refused() -> None:
    metrics = {f"m{number}": ERRORS for number in range(11)}
    joint = MetricExpression(expression=f"SUM([{', '.join(metrics)}])", metrics=metrics, label="all", period_s=300)
    with pytest.raises(ValueError, match="'f-errors' reads 11 metrics; allowed: 10 at most; watch them by two alarms"):
        alarm(metric=joint)
