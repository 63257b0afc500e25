"""Observability: declared rows become alarms that name their runbook, and a dashboard that CloudWatch can draw."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observability import Observability, ObservabilityArgs, dashboard, metric_inputs
from components.values import Alarm, Metric, MetricExpression, Widget
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/notifications"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ERRORS = Metric(namespace="AWS/Lambda", name="Errors", dimensions={"FunctionName": "f"}, period_s=300)
CALLS = Metric(namespace="AWS/Lambda", name="Invocations", dimensions={"FunctionName": "f"}, period_s=300)
RATE = MetricExpression(
    expression="100 * errors / calls", metrics={"errors": ERRORS, "calls": CALLS}, label="rate", period_s=300
)


def alarm(name: str = "f-errors", **more: Any) -> Alarm:
    given_fields: dict[str, Any] = {
        "name": name,
        "metric": ERRORS,
        "threshold": 5,
        "description": "f fails",
        "runbook": "function-errors",
    }
    return Alarm(**(given_fields | more))


def widget(title: str = "Errors", section: str = "Functions", **more: Any) -> Widget:
    return Widget(**({"title": title, "section": section, "metrics": [ERRORS]} | more))


def args(**more: Any) -> ObservabilityArgs:
    found: ObservabilityArgs = {
        "name_prefix": "mlplatform-dev",
        "key_arn": KEY,
        "alarms": [alarm()],
        "widgets": [widget()],
    }
    found.update(more)  # type: ignore[typeddict-item]  # any mixture of fields is what the tests are about
    return found


def run(**more: Any) -> Recording:
    return record(lambda: Observability("watch", args(**more)).topic_arn)


def body(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recording.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])
    return found


def test_it_makes_one_alarm_a_row_one_topic_a_severity_and_one_dashboard() -> None:
    recording = run(alarms=[alarm("a"), alarm("b")], emails=["ops@example.org"])
    assert recording.counts() == {
        "aws:cloudwatch/dashboard:Dashboard": 1,
        ALARM: 2,
        "aws:sns/topic:Topic": 2,
        "aws:sns/topicPolicy:TopicPolicy": 2,
        "aws:sns/topicSubscription:TopicSubscription": 2,
        "mlplatform:index:Observability": 1,
    }


def test_an_alarm_notifies_when_it_begins_and_when_it_ends() -> None:
    recording = run()
    inputs = recording.one(ALARM).inputs
    assert inputs["alarmActions"] == inputs["okActions"] == [recording.value]
    assert inputs["name"] == "mlplatform-dev-f-errors"


def test_the_end_of_what_happened_is_no_news_and_that_figures_end_is() -> None:
    happened = run(alarms=[alarm(event=True)]).one(ALARM).inputs
    assert (len(happened["alarmActions"]), happened["okActions"]) == (1, [])
    assert "insufficientDataActions" not in happened
    watched = run(alarms=[alarm(missing_data="missing")]).one(ALARM).inputs
    assert watched["insufficientDataActions"] == watched["alarmActions"] == watched["okActions"]
    members = run(alarms=[alarm(missing_data="missing", quiet=True, part_of=("api-down",))]).one(ALARM).inputs
    assert "insufficientDataActions" not in members


def test_an_alarm_says_what_it_means_and_where_to_read_on() -> None:
    text = run(runbook_url="https://example.org/runbooks").one(ALARM).inputs["alarmDescription"]
    assert text == "[warning] f fails. Runbook: https://example.org/runbooks/function-errors.md"


def test_a_plain_metric_is_watched_by_its_statistic() -> None:
    inputs = metric_inputs(alarm(periods=3, datapoints=2))
    assert (inputs["statistic"], inputs["period"], inputs["metric_name"]) == ("Sum", 300, "Errors")
    assert (inputs["evaluation_periods"], inputs["datapoints_to_alarm"]) == (3, 2)
    assert inputs["treat_missing_data"] == "notBreaching"


def test_a_percentile_is_an_extended_statistic() -> None:
    inputs = metric_inputs(alarm(metric=ERRORS.read_as("p95")))
    assert inputs["extended_statistic"] == "p95"
    assert "statistic" not in inputs


def test_an_expression_becomes_queries_of_which_one_returns_data() -> None:
    queries = metric_inputs(alarm(metric=RATE))["metric_queries"]
    assert [row["id"] for row in queries if row["return_data"]] == ["result"]
    assert {row["id"] for row in queries} == {"result", "errors", "calls"}
    assert "namespace" not in metric_inputs(alarm(metric=RATE))


def test_the_topic_is_encrypted_and_open_to_alarms_of_the_account_only() -> None:
    recording = run()
    assert {topic.inputs["kmsMasterKeyId"] for topic in recording.of_type("aws:sns/topic:Topic")} == {KEY}
    for made in recording.of_type("aws:sns/topicPolicy:TopicPolicy"):
        rows = {row["Sid"]: row for row in json.loads(made.inputs["policy"])["Statement"]}
        assert rows["AlarmsMayPublish"]["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}
        assert rows["DenyWithoutTls"]["Effect"] == "Deny"


def test_widgets_of_a_section_stand_together_below_its_heading() -> None:
    rows = [widget("one", "A"), widget("two", "B"), widget("three", "A")]
    placed = dashboard(rows, REGION, [], "")["widgets"]
    titles = [row["properties"].get("title") or row["properties"]["markdown"] for row in placed]
    assert titles == ["## A", "one", "three", "## B", "two"]


def test_alarms_come_first_with_their_runbooks() -> None:
    placed = body(run())["widgets"]
    assert placed[0]["type"] == "alarm"
    assert placed[0]["properties"]["alarms"] == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:mlplatform-dev-f-errors"]
    assert placed[0]["properties"]["states"] == ["ALARM"]
    assert placed[1]["properties"]["markdown"] == "Runbooks in docs/runbooks of the repository: function-errors"
    linked = body(run(runbook_url="https://example.org/runbooks"))["widgets"][1]["properties"]["markdown"]
    assert "[function-errors](https://example.org/runbooks/function-errors.md)" in linked


def test_what_users_feel_is_shown_whatever_its_state() -> None:
    whole, members = body(run(alarms=[alarm(part_of=("api-down",))]))["widgets"][:2]
    assert [arn.rpartition("-api-")[2] for arn in whole["properties"]["alarms"]] == ["down"]
    assert "states" not in whole["properties"]
    assert len(members["properties"]["alarms"]) == 1


def test_rows_are_filled_and_a_single_picture_takes_half_of_one_at_most() -> None:
    rows = [*(widget(str(number), width=8) for number in range(5)), widget("alone", "Z", width=8)]
    placed = [row for row in dashboard(rows, REGION, [], "")["widgets"] if row["type"] == "metric"]
    assert [(row["x"], row["width"]) for row in placed] == [(0, 8), (8, 8), (16, 8), (0, 12), (12, 12), (0, 12)]


def test_many_lines_have_their_names_beside_them() -> None:
    lines = [ERRORS.over(60 * number) for number in range(1, 9)]
    many, few = (dashboard([widget(metrics=lines[:at])], REGION, [], "")["widgets"][1] for at in (8, 7))
    assert many["properties"]["legend"] == {"position": "right"}
    assert "legend" not in few["properties"]


@pytest.mark.parametrize(("threshold", "drawn"), [(5, ["alarm: f-errors"]), (0, [])])
def test_a_threshold_is_drawn_unless_it_is_the_axis(threshold: float, drawn: list[str]) -> None:
    picture = dashboard([widget()], REGION, [], "", alarms=[alarm(threshold=threshold)])["widgets"][1]["properties"]
    assert [row["label"] for row in picture.get("annotations", {}).get("horizontal", [])] == drawn


def test_a_metric_is_drawn_with_its_dimensions_and_statistic() -> None:
    picture = dashboard([widget()], REGION, [], "")["widgets"][1]["properties"]
    assert picture["metrics"] == [
        ["AWS/Lambda", "Errors", "FunctionName", "f", {"stat": "Sum", "period": 300, "label": "Errors"}]
    ]
    assert (picture["view"], picture["stacked"], picture["region"]) == ("timeSeries", False, REGION)


def test_two_expressions_in_one_picture_do_not_share_ids() -> None:
    picture = dashboard([widget(metrics=[RATE, RATE])], REGION, [], "")["widgets"][1]["properties"]
    ids = [line[-1]["id"] for line in picture["metrics"]]
    assert len(ids) == len(set(ids)) == 6
    first = picture["metrics"][0][0]
    assert first["expression"] == "100 * m0_errors / m0_calls"
    assert [line[-1]["visible"] for line in picture["metrics"][1:3]] == [False, False]


def test_marks_become_lines_and_numbers_have_no_axis() -> None:
    marked = dashboard([widget(marks={"alarm": 2000})], REGION, [], "")["widgets"][1]["properties"]
    assert marked["annotations"] == {"horizontal": [{"label": "alarm", "value": 2000}]}
    number = dashboard([widget(kind="number")], REGION, [], "")["widgets"][1]["properties"]
    assert number["view"] == "singleValue"
    assert "yAxis" not in number


def test_the_same_rows_give_the_same_text() -> None:
    first, second = (run().one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"] for _ in range(2))
    assert first == second


@given(sizes=st.lists(st.tuples(st.integers(1, 24), st.integers(1, 12), st.sampled_from("ABC")), max_size=25))
def test_no_two_widgets_ever_overlap(sizes: list[tuple[int, int, str]]) -> None:
    rows = [
        widget(str(number), section, width=width, height=height)
        for number, (width, height, section) in enumerate(sizes)
    ]
    taken: set[tuple[int, int]] = set()
    for row in dashboard(rows, REGION, ["arn"], "runbooks")["widgets"]:
        assert row["x"] + row["width"] <= 24
        area = {(row["x"] + right, row["y"] + down) for right in range(row["width"]) for down in range(row["height"])}
        assert not area & taken
        taken |= area


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"alarms": [alarm("a"), alarm("a")]}, "alarm 'a' is declared 2 times"),
        ({"alarms": [alarm("A b")]}, "alarm name is 'A b'"),
        ({"alarms": [alarm(runbook="")]}, "runbook of alarm 'f-errors' is ''"),
        ({"alarms": [alarm(runbook="../x.md")]}, "runbook of alarm 'f-errors' is '../x.md'"),
        ({"emails": ["nobody"]}, "emails holds 'nobody'"),
    ],
)
def test_rows_that_cannot_work_are_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="Observability 'watch'") as caught:
        run(**more)
    assert words in str(caught.value)


def test_the_first_preview_of_an_empty_account_runs() -> None:
    preview = record(lambda: Observability("watch", args()), preview=True)
    assert preview.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardName"] == "mlplatform-dev-application"
