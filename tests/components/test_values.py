"""The values that components hand to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import Output

from components.values import Alarm, Metric, MetricExpression, Statement, Widget, document, policy_json
from tests.components.recorder import record

METRIC = Metric(namespace="AWS/Lambda", name="Errors")
words = st.text("ab23", min_size=1, max_size=3)
statements = st.lists(
    st.fixed_dictionaries(
        {"Sid": words, "Effect": st.sampled_from(["Allow", "Deny"])},
        optional={"Action": st.lists(words, min_size=1), "Resource": st.lists(words, min_size=1)},
    ),
    max_size=6,
)


@given(statements)
def test_names_in_a_document_are_unique_and_nothing_is_lost(given_statements: list[dict[str, Any]]) -> None:
    found = json.loads(document(given_statements))["Statement"]
    sids = [statement["Sid"] for statement in found]
    assert len(sids) == len(set(sids))
    assert len(found) <= len(given_statements)
    wanted = {
        (s["Effect"], *sorted(set(s.get("Action", []))), "|", *sorted(set(s.get("Resource", []))))
        for s in given_statements
    }
    kept = {(s["Effect"], *s.get("Action", []), "|", *s.get("Resource", [])) for s in found}
    assert kept == wanted


@given(statements, st.randoms())
def test_order_of_actions_makes_no_other_document(given_statements: list[dict[str, Any]], random: Any) -> None:
    shuffled = json.loads(json.dumps(given_statements))
    for statement in shuffled:
        for key in ("Action", "Resource"):
            if key in statement:
                random.shuffle(statement[key])
    assert document(shuffled) == document(given_statements)


def test_unknown_resources_are_filled_in_when_they_are_known() -> None:
    def program() -> Output[str]:
        known_later = Output.from_input("arn:x")
        statement: Statement = {"Effect": "Allow", "Action": ["a:B"], "Resource": [known_later, "arn:a"]}
        return policy_json([statement])

    assert json.loads(record(program).value)["Statement"][0]["Resource"] == ["arn:a", "arn:x"]


@pytest.mark.parametrize("period_s", [0, -60, 7, 59, 90])
def test_a_period_that_cloudwatch_does_not_have_is_refused(period_s: int) -> None:
    with pytest.raises(ValueError, match=f"period_s of 'Errors' is {period_s}; allowed: 1, 5, 10"):
        METRIC.over(period_s)


def test_an_expression_names_each_of_its_metrics() -> None:
    with pytest.raises(ValueError, match="'b' of 'share' is not used"):
        MetricExpression(expression="a / 2", metrics={"a": METRIC, "b": METRIC}, label="share")
    with pytest.raises(ValueError, match="must begin with a lower-case letter"):
        MetricExpression(expression="Errors", metrics={"Errors": METRIC}, label="share")


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"periods": 0}, "looks at 0 periods"),
        ({"metric": METRIC.over(300), "periods": 289}, "one day in all"),
        ({"periods": 2, "datapoints": 3}, "needs 3 data points"),
        ({"datapoints": 0}, "needs 0 data points"),
    ],
)
def test_an_alarm_that_cloudwatch_would_refuse_is_refused(fields: dict[str, Any], part: str) -> None:
    given_fields: dict[str, Any] = {"metric": METRIC, **fields}
    with pytest.raises(ValueError, match=part):
        Alarm(name="errors", threshold=0, description="d", runbook="r", **given_fields)


def test_an_alarm_over_days_needs_hours() -> None:
    alarm = Alarm(name="slow", metric=METRIC.over(3600), threshold=0, periods=168, description="d", runbook="r")
    assert alarm.needed == 168


def test_a_widget_fits_the_grid_and_draws_something() -> None:
    with pytest.raises(ValueError, match="width 1 to 24"):
        Widget(title="t", section="s", metrics=[METRIC], width=25)
    with pytest.raises(ValueError, match="draws no metric"):
        Widget(title="t", section="s", metrics=[])


def test_outputs_at_any_depth_are_filled_in_and_keep_their_secrets() -> None:
    def program() -> dict[str, Any]:
        deep: list[Statement] = [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": Output.from_input([Output.from_input("b"), "a"]),
                "Principal": {"AWS": Output.secret("root")},
                "Condition": {"StringEquals": {"aws:SourceAccount": ["1", Output.from_input("0")]}},
            }
        ]
        made = policy_json(deep)
        return {"text": made, "secret": made.is_secret(), "plain": policy_json([{"Effect": "Deny", "Action": ["x"]}])}

    found = record(program).value
    (statement,) = json.loads(found["text"])["Statement"]
    assert statement["Resource"] == ["a", "b"]
    assert statement["Principal"] == {"AWS": "root"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ["0", "1"]}}
    assert found["secret"] is True
    assert json.loads(found["plain"])["Statement"] == [{"Action": ["x"], "Effect": "Deny"}]
