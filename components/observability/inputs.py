"""What a declared alarm row is to CloudWatch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.values import Alarm, Metric

STATISTICS: Final = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
BAND: Final = "band"


def metric_inputs(row: Alarm, links: str = "docs/runbooks") -> dict[str, Any]:
    """The inputs of a MetricAlarm beside its name and its actions."""
    common: dict[str, Any] = {
        "alarm_description": described(row.severity, row.description, row.runbook, links),
        "comparison_operator": row.comparison,
        "evaluation_periods": row.periods,
        "datapoints_to_alarm": row.needed,
        "treat_missing_data": row.missing_data,
    }
    if isinstance(row.metric, Metric) and row.on_band:
        band = {
            "id": BAND,
            "expression": f"ANOMALY_DETECTION_BAND(watched, {row.threshold:g})",
            "label": "usual",
            "return_data": True,
        }
        return common | {
            "threshold_metric_id": BAND,
            "metric_queries": [band, _query("watched", row.metric, returned=True)],
        }
    common["threshold"] = row.threshold
    if isinstance(row.metric, Metric):
        kind = "statistic" if row.metric.statistic in STATISTICS else "extended_statistic"
        return common | {
            "namespace": row.metric.namespace,
            "metric_name": row.metric.name,
            "dimensions": dict(row.metric.dimensions),
            "period": row.metric.period_s,
            kind: row.metric.statistic,
        }
    inner = [_query(key, metric, returned=False) for key, metric in sorted(row.metric.metrics.items())]
    result = {"id": "result", "expression": row.metric.expression, "label": row.metric.label, "return_data": True}
    return common | {"metric_queries": [result, *inner]}


def described(severity: str, description: str, runbook: str, links: str) -> str:
    """What a message of the alarm says first."""
    return f"[{severity}] {description}. Runbook: {links}/{runbook}.md"


def _query(key: str, metric: Metric, *, returned: bool) -> Mapping[str, Any]:
    return {
        "id": key,
        "return_data": returned,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "period": metric.period_s,
            "stat": metric.statistic,
        },
    }
