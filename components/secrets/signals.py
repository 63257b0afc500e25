"""What a rotation measures: steps that failed, and the age of the value in force."""

from __future__ import annotations

from typing import Final

from components.function import Function
from components.values import Alarm, Metric, Widget, measured

_DAY_S: Final = 86_400
LATE_DAYS: Final = 2
"""How long a rotation may be overdue: its window is a day, and the age is told once a day."""


def age(noun: str, function: Function, period_s: int = _DAY_S) -> Metric:
    """How old the value in force is, in days; told by the function each day and at each step."""
    label = f"age of the {noun} secret"
    return measured(function.function_name, "SecretAgeDays", label, "Maximum", period_s=period_s)


def alarms(noun: str, function: Function, every_days: int) -> list[Alarm]:
    """The old value stays in force in both cases, so either can wait for the morning."""
    return [
        Alarm(
            name=f"rotation-{noun}-failed",
            metric=function.errors().over(300),
            threshold=0,
            description=f"a step of rotating the {noun} secret failed; the old value is still in force",
            runbook="secret-rotation",
            event=True,
        ),
        Alarm(
            name=f"rotation-{noun}-overdue",
            metric=age(noun, function),
            threshold=every_days + LATE_DAYS,
            periods=2,
            datapoints=2,
            # The first figure comes a day after the stack: that there is none yet is told to nobody, that they end is.
            missing_data="missing",
            description=f"the {noun} secret is older than {every_days} days, or nobody tells how old it is",
            runbook="secret-rotation",
        ),
    ]


def widgets(noun: str, function: Function, every_days: int) -> list[Widget]:
    """Age and failures."""
    return [
        Widget(
            title=f"Secret of the {noun}: age",
            section="Secrets",
            metrics=[age(noun, function)],
            y_label="days",
            marks={"alarm: overdue": every_days + LATE_DAYS},
        )
    ]
