"""Dashboards for Grafana: the same lines as CloudWatch's, alarms as thresholds, and what Prometheus scrapes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from components.observability import Observability
from components.observability.grafana.dashboard import LONGEST_UID, SCHEMA
from components.observability.grafana.panels import letters, panel, thresholds
from functions.metrics.schemas import PREFIX, ROWS
from tests.components.observability.test_component import CALLS, ERRORS, RATE, alarm, args, body, run, widget
from tests.components.recorder import REGION, record
from training.watched.counts import Counts

RULE = "aws:xray/samplingRule:SamplingRule"
TRACED = {"service": "mlplatform-dev-api/api", "per_second": 2, "percent": 5}


def dashboards(**more: Any) -> dict[str, Any]:
    recording = record(lambda: Observability("watch", args(grafana=True, **more)).grafana)
    found: dict[str, Any] = json.loads(recording.value)
    return found


def application(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = dashboards(**more)["mlplatform-dev-application"]
    return found


def drawn(document: dict[str, Any], kind: str = "cloudwatch") -> list[dict[str, Any]]:
    return [row for row in document["panels"] if (row.get("datasource") or {}).get("type") == kind]


def test_each_board_is_a_dashboard_with_a_stable_uid_and_the_form_that_grafana_reads() -> None:
    found = dashboards(widgets=[widget(), widget(board="business")])
    assert list(found) == ["mlplatform-dev-application", "mlplatform-dev-business"]
    for uid, document in found.items():
        assert (document["uid"], document["schemaVersion"]) == (uid, SCHEMA)
        assert len(uid) <= LONGEST_UID
        ids = [row["id"] for row in document["panels"]]
        assert len(set(ids)) == len(ids)
        assert {row["type"] for row in document["panels"]} <= {"text", "row", "timeseries", "stat"}
        for row in document["panels"]:
            place = row["gridPos"]
            assert 0 <= place["x"] <= place["x"] + place["w"] <= 24
        variables = {row["name"]: row for row in document["templating"]["list"]}
        assert variables["region"]["query"] == REGION
        assert variables["cloudwatch"]["type"] == "datasource"


def test_panels_do_not_lie_on_each_other() -> None:
    rows = application(widgets=[widget(title=str(n), section=str(n % 2), width=10) for n in range(7)])["panels"]
    cells = [
        (x, y)
        for row in rows
        for x in range(row["gridPos"]["x"], row["gridPos"]["x"] + row["gridPos"]["w"])
        for y in range(row["gridPos"]["y"], row["gridPos"]["y"] + row["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))


def test_it_asks_the_same_as_cloudwatchs_dashboard() -> None:
    given = {"widgets": [widget(metrics=[ERRORS, RATE, CALLS.read_as("p99")])]}
    (shown,) = drawn(application(**given))
    (lines,) = (row["properties"]["metrics"] for row in body(run(**given))["widgets"] if row["type"] == "metric")
    asked = [
        [
            row["namespace"],
            row["metricName"],
            *[part for pair in row["dimensions"].items() for part in (pair[0], *pair[1])],
        ]
        for row in shown["targets"]
        if row["metricName"]
    ]
    assert asked == [line[:-1] for line in lines if isinstance(line[0], str)]
    (computed,) = (row for row in shown["targets"] if row["expression"])
    (known,) = (line[0]["expression"] for line in lines if len(line) == 1)
    assert computed["expression"] == known == "100 * m1_errors / m1_calls"
    assert [(row["refId"], row["hide"]) for row in shown["targets"]] == [
        ("A", False),
        ("B", False),
        ("C", True),
        ("D", True),
        ("E", False),
    ]
    assert shown["targets"][0]["region"] == "$region"


def test_an_alarm_on_a_line_is_a_threshold_with_its_runbook() -> None:
    (shown,) = drawn(application(alarms=[alarm(), alarm("other", metric=CALLS)], runbook_url="https://x.org/runbooks"))
    assert shown["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "red", "value": 5},
    ]
    assert shown["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "line"}
    assert [row["url"] for row in shown["links"]] == ["https://x.org/runbooks/function-errors.md"]
    assert shown["description"] == "alarm f-errors: f fails"


@pytest.mark.parametrize(
    ("alarms", "steps"),
    [
        ([], [("green", None)]),
        (
            [("GreaterThanThreshold", 5), ("GreaterThanOrEqualToThreshold", 9)],
            [("green", None), ("red", 5), ("red", 9)],
        ),
        ([("LessThanThreshold", 2)], [("red", None), ("green", 2)]),
        ([("LessThanThreshold", 2), ("GreaterThanThreshold", 7)], [("red", None), ("green", 2), ("red", 7)]),
    ],
    ids=["none", "above", "below", "both"],
)
def test_red_is_what_an_alarm_is_about(alarms: list[tuple[str, float]], steps: list[tuple[str, float | None]]) -> None:
    rows = [alarm(f"a{n}", comparison=comparison, threshold=at) for n, (comparison, at) in enumerate(alarms)]
    found = thresholds(widget(), rows)["steps"]
    assert [(step["color"], step["value"]) for step in found] == steps


def test_units_and_kinds_are_grafanas() -> None:
    assert panel(widget(kind="number"), [], "x")["type"] == "stat"
    stacked = panel(widget(kind="stacked", y_label="a minute"), [], "x")["fieldConfig"]["defaults"]["custom"]
    assert (stacked["stacking"]["mode"], stacked["axisLabel"]) == ("normal", "a minute")
    assert [letters(n) for n in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]


def test_what_prometheus_is_asked_for_is_what_somebody_tells() -> None:
    told = {f"{PREFIX}_{row.name}" for row in ROWS}
    told |= set(re.findall(r"^(\w+)", Counts("v").text().replace("# HELP ", "").replace("# TYPE ", ""), re.MULTILINE))
    told |= {"mlplatform_model_requests_total"}
    shown = drawn(application(prometheus=True), "prometheus")
    expressions = [target["expr"] for row in shown for target in row["targets"]]
    asked = {name for text in expressions for name in re.findall(r"mlplatform_\w+", text)}
    assert asked <= told
    assert {f"{PREFIX}_{row.name}" for row in ROWS} <= asked
    assert all(row["fieldConfig"]["defaults"]["unit"] for row in shown)
    assert not drawn(application(), "prometheus")


def test_without_the_option_there_is_none() -> None:
    made: list[Observability] = []
    record(lambda: made.append(Observability("watch", args())))
    assert made[0].grafana is None


def test_the_rule_samples_the_api_alone() -> None:
    inputs = run(traced=TRACED).one(RULE).inputs
    assert inputs == {
        "ruleName": "mlplatform-dev-api",
        "priority": 1000,
        "version": 1,
        "reservoirSize": 2,
        "fixedRate": 0.05,
        "serviceName": "mlplatform-dev-api/api",
        "serviceType": "AWS::ApiGateway::Stage",
        "host": "*",
        "httpMethod": "*",
        "urlPath": "*",
        "resourceArn": "*",
    }
    assert not run().of_type(RULE)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"name_prefix": "m" * 29}, "name_prefix is 'm+'; allowed: 28 characters"),
        ({"traced": {**TRACED, "per_second": -1}}, "traced.per_second is -1; allowed: 0 or more"),
        ({"traced": {**TRACED, "percent": 101}}, "traced.percent is 101; allowed: 0 to 100"),
    ],
)
def test_what_x_ray_would_refuse_is_named(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(**{"traced": TRACED, **more})
