"""Metrics that nobody emits are refused, with what there is instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.observability.checks import problems
from components.values import Metric
from functions.measures import MEASURES, NAMESPACE
from tests.components.observability.test_component import alarm, args, widget


def metric(name: str, dimensions: Mapping[str, str], namespace: str = "AWS/Lambda", **more: Any) -> Metric:
    return Metric(namespace=namespace, name=name, dimensions=dimensions, **more)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (metric("Error", {"FunctionName": "f"}), "'Error' of AWS/Lambda, which nobody emits; allowed: Invocations,"),
        (metric("Error", {"FunctionName": "f"}), "did you mean Errors?"),
        (metric("Errors", {"Function": "f"}), "Errors of AWS/Lambda by dimensions Function; allowed: FunctionName"),
        (metric("Errors", {"Function": "f"}, "AWS/Lamda"), "of namespace 'AWS/Lamda', which nobody emits; allowed: ML"),
        (metric("Predictions", {"FunctionName": "f"}, NAMESPACE), "by dimensions FunctionName; allowed: Function"),
        (metric("Guesses", {"Function": "f"}, NAMESPACE), "'Guesses' of MLPlatform, which nobody emits"),
    ],
)
def test_a_metric_that_nobody_emits_is_refused_on_alarms_and_widgets(found: Metric, words: str) -> None:
    (first,) = problems(args(alarms=[alarm(metric=found)]))
    (second,) = problems(args(widgets=[widget(metrics=[found])]))
    assert first.startswith("alarm 'f-errors' watches ")
    assert second.startswith("widget 'Errors' draws ")
    assert words in first
    assert words in second


def test_every_metric_of_ours_may_be_drawn() -> None:
    rows = [metric(name, {"Function": "f"}, NAMESPACE) for measured in MEASURES.values() for name in measured]
    assert problems(args(widgets=[widget(metrics=rows)])) == []


def test_an_alarm_cannot_watch_another_region() -> None:
    away = metric("EstimatedCharges", {"Currency": "USD"}, "AWS/Billing", region="us-east-1")
    (problem,) = problems(args(alarms=[alarm(metric=away)]))
    assert "watches EstimatedCharges in region 'us-east-1'; allowed: its own region" in problem
    assert problems(args(widgets=[widget(metrics=[away])])) == []


def test_an_alarm_named_like_a_composite_is_refused() -> None:
    (problem,) = problems(args(alarms=[alarm("api-down")]))
    assert "alarm 'api-down' is declared 2 times" in problem
