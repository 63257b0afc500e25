"""Schedules are due when EventBridge says, and templates are filled as it fills them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.events.expressions import ScheduleError, parse
from sandbox.events.transform import ABSENT, TransformError, at_path, fill, target_input

START = datetime(2026, 1, 30, 12, 0, tzinfo=timezone.utc)


def due(expression: str, count: int = 3, zone: str = "UTC", start: datetime = START) -> list[str]:
    schedule, moment, found = parse(expression, zone), start, []
    for _ in range(count):
        following = schedule.next_after(moment)
        if following is None:
            break
        moment = following
        found.append(moment.strftime("%Y-%m-%d %H:%M"))
    return found


DUE = [
    ("rate(5 minutes)", ["2026-01-30 12:05", "2026-01-30 12:10"]),
    ("rate(1 day)", ["2026-01-31 12:00", "2026-02-01 12:00"]),
    ("cron(0 3 1 * ? *)", ["2026-02-01 03:00", "2026-03-01 03:00"]),
    ("cron(15 10 ? * 6L 2026-2027)", ["2026-02-27 10:15", "2026-03-27 10:15"]),
    ("cron(0/30 8-9 ? * MON-FRI *)", ["2026-02-02 08:00", "2026-02-02 08:30"]),
    ("cron(0 0 L * ? *)", ["2026-01-31 00:00", "2026-02-28 00:00"]),
    ("cron(0 0 15W FEB ? *)", ["2026-02-16 00:00", "2027-02-15 00:00"]),
    ("cron(0 9 ? * 3#2 *)", ["2026-02-10 09:00", "2026-03-10 09:00"]),
    ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
    ("cron(0 12 30 1 ? 2026)", []),
    ("at(2026-02-01T00:00:00)", ["2026-02-01 00:00"]),
    ("at(2025-02-01T00:00:00)", []),
]


@pytest.mark.parametrize(("expression", "expected"), DUE, ids=[expression for expression, _ in DUE])
def test_an_expression_is_due_when_eventbridge_says(expression: str, expected: list[str]) -> None:
    assert due(expression, 2) == expected


def test_a_cron_in_a_zone_follows_its_clock_and_skips_the_hour_that_is_not_there() -> None:
    start = datetime(2026, 3, 27, 12, 0, tzinfo=timezone.utc)
    assert due("cron(30 2 * * ? *)", 3, "Europe/Madrid", start) == [
        "2026-03-28 01:30",
        "2026-03-30 00:30",
        "2026-03-31 00:30",
    ]


WRONG = [
    "every day",
    "rate(1 minutes)",
    "rate(2 minute)",
    "rate(0 days)",
    "cron(0 3 1 * *)",
    "cron(0 3 1 * 2 *)",
    "cron(0 3 ? * ? *)",
    "cron(60 3 1 * ? *)",
    "cron(0 3 32 * ? *)",
    "cron(0 3 1 SMARCH ? *)",
    "cron(0/0 3 1 * ? *)",
    "at(tomorrow)",
]


@pytest.mark.parametrize("expression", WRONG)
def test_a_wrong_expression_is_refused_by_name(expression: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(expression)
    assert repr(expression) in str(caught.value)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Mars/Base"):
        parse("cron(0 3 1 * ? *)", "Mars/Base")


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    day=st.integers(1, 28),
    moment=st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, timezone.utc)),
)
def test_the_next_moment_is_later_within_a_month_and_matches(
    minute: int, hour: int, day: int, moment: datetime
) -> None:
    found = parse(f"cron({minute} {hour} {day} * ? *)").next_after(moment)
    assert found is not None
    assert moment < found <= moment + timedelta(days=31)
    assert (found.minute, found.hour, found.day) == (minute, hour, day)


EVENT = {"source": "shop", "resources": ["a", "b"], "detail": {"name": 'x "y"', "n": 3, "none": None, "list": [1, 2]}}


@pytest.mark.parametrize(
    ("path", "value"),
    [("$", EVENT), ("$.source", "shop"), ("$.resources[1]", "b"), ("$.detail['n']", 3), ("$.detail.none", None)],
)
def test_a_path_leads_to_its_value(path: str, value: Any) -> None:
    assert at_path(EVENT, path) == value


@pytest.mark.parametrize("path", ["$.nothing", "$.source.deeper", "$.resources[9]"])
def test_a_path_that_leads_nowhere_is_absent(path: str) -> None:
    assert at_path(EVENT, path) is ABSENT


@pytest.mark.parametrize("path", ["source", "$source", "$.detail[*]", "$..name"])
def test_a_malformed_path_is_refused(path: str) -> None:
    with pytest.raises(TransformError):
        at_path(EVENT, path)


FILLED = [
    ('{"a": <n>}', {"n": "x"}, {"a": "x"}),
    ('{"a": "<n>"}', {"n": 'x "y"\n'}, {"a": 'x "y"\n'}),
    ('{"a": <n>, "b": "<n>!"}', {"n": 3}, {"a": 3, "b": "3!"}),
    ('{"a": <n>}', {"n": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}),
    ('{"a": <n>, "b": "<n>"}', {"n": ABSENT}, {"a": None, "b": ""}),
    ('{"a": "\\"<n>\\""}', {"n": "x"}, {"a": '"x"'}),
]


@pytest.mark.parametrize(("template", "variables", "expected"), FILLED)
def test_a_template_is_filled_to_valid_json(template: str, variables: dict[str, Any], expected: Any) -> None:
    assert json.loads(fill(template, variables)) == expected


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inside: st.lists(inside, max_size=3)))
def test_any_value_survives_outside_and_inside_of_strings(value: Any) -> None:
    assert json.loads(fill('{"a": <v>}', {"v": value})) == {"a": value}
    inside = json.loads(fill('{"a": "<v>"}', {"v": value}))["a"]
    assert inside == ("" if value is None else value if isinstance(value, str) else json.dumps(value))


def test_the_rule_and_the_whole_event_can_be_named_in_a_template() -> None:
    template = (
        '{"rule": <aws.events.rule-name>, "all": <aws.events.event.json>, "at": "<aws.events.event.ingestion-time>"}'
    )
    target = {"InputTransformer": {"InputTemplate": template}}
    text = target_input(target, EVENT, {"arn": "arn:x", "name": "nightly"}, "2026-01-01T00:00:00Z")
    assert json.loads(text) == {"rule": "nightly", "all": EVENT, "at": "2026-01-01T00:00:00Z"}
