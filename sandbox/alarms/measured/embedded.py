"""Metrics that ride on log lines: CloudWatch's embedded metric format."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.alarms.measured.points import Points, Series

LOG = logging.getLogger(__name__)
_MARK: Final = '"_aws"'


def take(points: Points, region: str, line: str) -> int:
    """Adds the metrics of a line, if it has any; gives how many data points that were."""
    if _MARK not in line:
        return 0
    try:
        entry = json.loads(line)
        found = list(_read(region, entry))
        at = float(entry["_aws"]["Timestamp"]) / 1000
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        # CloudWatch takes the line as a log event, and no metric from it.
        LOG.warning("a log line has metrics that cannot be read: %s", type(fault).__name__)
        return 0
    for series, unit, values in found:
        points.add(series, values, unit=unit, at=at)
    return len(found)


def _read(region: str, entry: Mapping[str, Any]) -> Iterator[tuple[Series, str, list[float]]]:
    for directive in entry["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(entry[name]) for name in names}
            for metric in directive["Metrics"]:
                given = entry[metric["Name"]]
                values = [float(value) for value in (given if isinstance(given, list) else [given])]
                series = Series.of(region, directive["Namespace"], metric["Name"], dimensions)
                yield series, str(metric.get("Unit", "None")), values
