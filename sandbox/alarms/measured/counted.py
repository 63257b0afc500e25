"""Metrics that filters make of log lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sandbox.alarms.measured.points import Points, Series
from sandbox.alarms.patterns import document, read

MOST_READ: Final = 500
"""Patterns that are kept as they were read."""


class Filters:
    """Counts what the declared filters of a log group find in its lines."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._read: dict[str, Callable[[str], bool]] = {}

    def take(self, region: str, filters: Sequence[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]) -> None:
        """Adds a data point for each line that fits, of the moment of the line."""
        found: defaultdict[tuple[Series, str, int], Counter[float]] = defaultdict(Counter)
        for event in events:
            for row in filters:
                if self._fits(str(row["filterPattern"]))(event["message"]):
                    for change in row["metricTransformations"]:
                        place = _place(region, change, event["message"])
                        if place is not None:
                            value = float(change.get("metricValue") or 1)
                            found[place, str(change.get("unit") or "None"), int(event["timestamp"]) // 1000][value] += 1
        for (series, unit, second), counted in found.items():
            self._points.add_counted(series, counted, unit=unit, at=second + 0.5)

    def _fits(self, pattern: str) -> Callable[[str], bool]:
        if pattern not in self._read:
            if len(self._read) >= MOST_READ:
                self._read.clear()
            self._read[pattern] = read(pattern)
        return self._read[pattern]


def checked(original: Callable[..., Any]) -> Callable[..., Any]:
    """PutMetricFilter that refuses a pattern or a value that nothing here would follow."""

    def put_metric_filter(
        backend: Any, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> Any:
        from moto.logs.exceptions import InvalidParameterException

        try:
            read(filter_pattern)
            for change in metric_transformations:
                float(change.get("metricValue") or 1)
        except ValueError as error:
            raise InvalidParameterException(f"Invalid metric filter: {error}") from error
        # One of the same name takes the place of the one before.
        kept = backend.filters.metric_filters
        kept[:] = [row for row in kept if (row["filterName"], row["logGroupName"]) != (filter_name, log_group_name)]
        return original(backend, filter_name, filter_pattern, log_group_name, metric_transformations)

    return put_metric_filter


def _place(region: str, change: Mapping[str, Any], line: str) -> Series | None:
    """The series; a line without one of its dimensions makes no data point."""
    given = change.get("dimensions") or {}
    found = document(line) if given else {}
    names = {name: found.get(str(member).removeprefix("$.")) for name, member in given.items()}
    if any(value is None for value in names.values()):
        return None
    dimensions = {name: str(value) for name, value in names.items()}
    return Series.of(region, str(change["metricNamespace"]), str(change["metricName"]), dimensions)
