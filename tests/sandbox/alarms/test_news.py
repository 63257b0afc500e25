"""What is worth a mail: beginnings and ends, figures that come no more; not that a new alarm is OK."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.observability.listeners import NEWS
from tests.sandbox.alarms.conftest import QUEUE, Place

SCALE = 0.01
DAY_S = 86_400 * SCALE
"""Data points are kept for a day, so days are short here."""
AGE: dict[str, Any] = {
    "Statistic": "Maximum",
    "Period": 86_400,
    "EvaluationPeriods": 2,
    "DatapointsToAlarm": 2,
    "Threshold": 32,
    "TreatMissingData": "missing",
}


def mailed(place: Place) -> None:
    """Lets the queue hear what an address hears."""
    (row,) = place.cloud.client("sns").list_subscriptions_by_topic(TopicArn=place.topic)["Subscriptions"]
    assert row["Endpoint"].endswith(f":{QUEUE}")
    for name, value in (("FilterPolicyScope", "MessageBody"), ("FilterPolicy", NEWS)):
        place.cloud.client("sns").set_subscription_attributes(
            SubscriptionArn=row["SubscriptionArn"], AttributeName=name, AttributeValue=value
        )


def daily(place: Place) -> None:
    """An alarm on a figure of each day."""
    place.alarms.set_scale(SCALE)
    place.alarm(**AGE, InsufficientDataActions=[place.topic])


def changes(place: Place) -> list[tuple[str, str]]:
    return [(row["OldStateValue"], row["NewStateValue"]) for row in place.heard()]


def test_a_new_stack_mails_nothing_and_an_alarm_its_beginning_and_its_end(place: Place) -> None:
    mailed(place)
    for name in ("a", "b", "c"):
        place.alarm(name)
    assert place.wait(60) == 3
    assert changes(place) == []
    place.put(11)
    place.wait(60)
    assert changes(place) == [("OK", "ALARM")] * 3
    place.wait(1200)
    assert changes(place) == [("ALARM", "OK")] * 3


def test_an_alarm_that_begins_at_once_is_mailed(place: Place) -> None:
    mailed(place)
    place.alarm()
    place.put(11)
    place.wait(60)
    assert changes(place) == [("INSUFFICIENT_DATA", "ALARM")]


def test_what_is_no_message_of_an_alarm_is_mailed(place: Place) -> None:
    mailed(place)
    said = json.dumps({"version": "1.0", "source": "custom", "content": {"title": "found"}})
    place.cloud.client("sns").publish(TopicArn=place.topic, Message=said, Subject="finding")
    assert [row["content"]["title"] for row in place.heard()] == ["found"]


def test_a_figure_of_a_day_is_missed_by_nobody_at_first_and_told_when_it_comes_no_more(place: Place) -> None:
    mailed(place)
    daily(place)
    for _ in range(3):
        place.wait(DAY_S)
    assert (place.state(), changes(place)) == ("INSUFFICIENT_DATA", [])
    for days in range(1, 4):
        place.put(days)
        place.wait(DAY_S)
    assert (place.state(), changes(place)) == ("OK", [])
    for _ in range(5):
        place.wait(DAY_S)
    assert changes(place) == [("OK", "INSUFFICIENT_DATA")]


def test_a_value_that_is_too_old_is_told(place: Place) -> None:
    mailed(place)
    daily(place)
    for days in (31, 32, 33, 34):
        place.put(days)
        place.wait(DAY_S)
    assert changes(place) == [("OK", "ALARM")]


@pytest.mark.parametrize("into_the_period_s", [0, 1, 59, 150, 299])
def test_a_fault_is_told_within_two_periods_whenever_it_comes(place: Place, into_the_period_s: int) -> None:
    mailed(place)
    place.alarm()
    place.wait(600 + into_the_period_s)
    begun = place.clock[0]
    place.put(11)
    while place.state() != "ALARM":
        assert place.clock[0] - begun < 2 * 300
        place.wait(10)
    assert changes(place) == [("OK", "ALARM")]
