"""Figures of CloudWatch, many in one question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from functions.metrics.schemas import NAMESPACES, Series
from functions.shared.aws.sdk import client, told
from functions.shared.errors import ApiError

MOST = 500
"""Metrics that GetMetricData takes at once."""


class Metrics:
    """CloudWatch of this account and region."""

    def read(self, wanted: Sequence[Series], end_s: int, period_s: int) -> list[float | None]:
        """For each series its figure of the period that ended then, or None without a data point."""
        found: list[float | None] = []
        for first in range(0, len(wanted), MOST):
            found += self._asked(wanted[first : first + MOST], end_s, period_s)
        return found

    def _asked(self, wanted: Sequence[Series], end_s: int, period_s: int) -> list[float | None]:
        with told():
            answer: dict[str, Any] = client("cloudwatch").get_metric_data(
                StartTime=datetime.fromtimestamp(end_s - period_s, timezone.utc),
                EndTime=datetime.fromtimestamp(end_s, timezone.utc),
                MetricDataQueries=[query(number, one, period_s) for number, one in enumerate(wanted)],
            )
        # One period and at most 500 series are far below what makes CloudWatch answer in pages.
        if answer.get("NextToken"):
            raise ApiError("unavailable", why="figures in pages")
        by_id = {row["Id"]: row["Values"] for row in answer["MetricDataResults"]}
        return [next(iter(by_id.get(f"m{number}", [])), None) for number in range(len(wanted))]


def query(number: int, one: Series, period_s: int) -> dict[str, Any]:
    """One series as CloudWatch is asked for it."""
    dimensions = [{"Name": name, "Value": value} for name, value in sorted(one.dimensions.items())]
    namespace = NAMESPACES[one.row.source]
    metric = {"Namespace": namespace, "MetricName": one.row.metric, "Dimensions": dimensions}
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": one.statistic}}
