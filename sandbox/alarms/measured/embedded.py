"""Metrics that ride on log lines: CloudWatch's embedded metric format."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sandbox.alarms.measured.points import FINE_S, Points, Series
from sandbox.lambdas.encode import decode

LOG = logging.getLogger(__name__)
_MARK: Final = '"_aws"'
_Place = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Namespace, name, dimensions and unit of a metric."""


def take(points: Points, region: str, lines: Iterable[str]) -> int:
    """Adds the metrics of lines that came together; gives how many data points that were.

    Equal metrics of one moment are added up first: lines come by the hundred, and each says almost the same.
    """
    taken = 0
    found: defaultdict[tuple[_Place, int], Counter[float]] = defaultdict(Counter)
    for line in lines:
        if _MARK not in line:
            continue
        try:
            entry = decode(line)
            moment = int(float(entry["_aws"]["Timestamp"]) / 1000 / FINE_S)
            rows = list(_read(entry))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            # CloudWatch takes the line as a log event, and no metric from it.
            LOG.warning("a log line has metrics that cannot be read: %s", type(fault).__name__)
            continue
        for place, values in rows:
            counted = found[place, moment]
            for value in values:
                counted[value] += 1
        taken += len(rows)
    for ((namespace, name, dimensions, unit), moment), counted in found.items():
        points.add_counted(Series(region, namespace, name, dimensions), counted, unit=unit, at=(moment + 0.5) * FINE_S)
    return taken


def _read(entry: Mapping[str, Any]) -> Iterator[tuple[_Place, list[float]]]:
    for directive in entry["_aws"]["CloudWatchMetrics"]:
        namespace, metrics = directive["Namespace"], directive["Metrics"]
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(entry[name])) for name in names))
            for metric in metrics:
                name = metric["Name"]
                given = entry[name]
                values = [float(value) for value in given] if isinstance(given, list) else [float(given)]
                yield (namespace, name, dimensions, str(metric.get("Unit", "None"))), values
