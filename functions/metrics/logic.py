"""Figures of the last whole period, asked of CloudWatch once and told to whoever scrapes until the next is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from functions.metrics.schemas import PREFIX, Row, Series

LAG_S: Final = 60
"""CloudWatch may add to a period for so long after its end."""


class CloudWatch(Protocol):
    """Where figures come from."""

    def read(self, wanted: Sequence[Series], end_s: int, period_s: int) -> Sequence[float | None]:
        """For each series its figure of the period that ended then; ApiError `unavailable` where none can be had."""


class Figures:
    """Keeps the text of one period: asking often costs nothing more.

    Args:
        source: CloudWatch.
        wanted: all that is told.
        period_s: length of a period.
        clock: seconds since 1970.
    """

    def __init__(self, source: CloudWatch, wanted: Sequence[Series], period_s: int, clock: Callable[[], float]) -> None:
        self._source, self._wanted, self._period_s, self._clock = source, wanted, period_s, clock
        self._known: tuple[int, str] = (-1, "")

    def text(self) -> str:
        """The figures of the newest period that is over, in the text format 0.0.4.

        Raises:
            ApiError: CloudWatch cannot tell them.
        """
        end_s = int((self._clock() - LAG_S) // self._period_s) * self._period_s
        if self._known[0] != end_s:
            values = self._source.read(self._wanted, end_s, self._period_s)
            self._known = (end_s, told(self._wanted, values, end_s, self._period_s))
        return self._known[1]


def told(wanted: Sequence[Series], values: Sequence[float | None], end_s: int, period_s: int) -> str:
    """Each metric under its own head, a sample a line."""
    lines = [
        *head("figures_period_seconds", "Length of the period that all figures are of."),
        sample("figures_period_seconds", period_s, {}),
        *head("figures_end_timestamp_seconds", "End of that period, in Unix time."),
        sample("figures_end_timestamp_seconds", end_s, {}),
    ]
    row: Row | None = None
    for one, value in zip(wanted, values, strict=True):
        if one.row is not row:
            row = one.row
            lines += head(row.name, row.about)
        known = row.absent if value is None else value * row.scale
        if known is not None:
            lines.append(sample(row.name, known, one.labels))
    return "\n".join(lines) + "\n"


def head(name: str, about: str) -> list[str]:
    """What stands before the samples of a metric."""
    return [f"# HELP {PREFIX}_{name} {about}", f"# TYPE {PREFIX}_{name} gauge"]


def sample(name: str, value: float, labels: Mapping[str, str]) -> str:
    """One line; labels are names of ours, in which nothing has to be escaped."""
    shown = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{PREFIX}_{name}{{{shown}}} {value:.10g}" if shown else f"{PREFIX}_{name} {value:.10g}"
