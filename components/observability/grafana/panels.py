"""One widget as a panel of Grafana's that asks CloudWatch the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.values import Alarm, Metric, MetricExpression, Widget

CLOUDWATCH: Final = "cloudwatch"
"""Type of the data source, and name of the variable that chooses one."""
REGION: Final = "region"
UNITS: Final[Mapping[str, str]] = {
    "Bytes": "bytes",
    "Count": "short",
    "Microseconds": "µs",
    "Milliseconds": "ms",
    "None": "short",
    "Percent": "percent",
    "Seconds": "s",
}
"""CloudWatch's unit → Grafana's."""
_SEARCH, _BUILDER, _CODE = 0, 0, 1
"""A query by a metric's name or an expression; how Grafana's editor shows it."""


def panel(widget: Widget, watched: Sequence[Alarm], links: str) -> dict[str, Any]:
    """The panel, without its place."""
    number = widget.kind == "number"
    units = {UNITS.get(metric.unit, "short") for metric in widget.metrics}
    custom: dict[str, Any] = {"drawStyle": "line", "showPoints": "auto", "spanNulls": False}
    if widget.y_label:
        custom["axisLabel"] = widget.y_label
    if widget.kind == "stacked":
        custom |= {"fillOpacity": 30, "stacking": {"mode": "normal", "group": "A"}}
    marked = thresholds(widget, watched)
    if len(marked["steps"]) > 1:
        custom["thresholdsStyle"] = {"mode": "line"}
    defaults: dict[str, Any] = {"unit": units.pop() if len(units) == 1 else "short", "min": 0, "thresholds": marked}
    return {
        "type": "stat" if number else "timeseries",
        "title": widget.title,
        "description": "; ".join(f"alarm {row.name}: {row.description}" for row in watched),
        "datasource": {"type": CLOUDWATCH, "uid": f"${{{CLOUDWATCH}}}"},
        "gridPos": {"w": widget.width, "h": widget.height},
        "fieldConfig": {"defaults": defaults if number else {**defaults, "custom": custom}, "overrides": []},
        "options": _options(number=number),
        "links": [
            {"title": f"Runbook: {page}", "url": f"{links}/{page}.md", "targetBlank": True}
            for page in sorted({row.runbook for row in watched})
        ],
        "targets": targets(widget),
        **({"interval": f"{_period_s(widget)}s"} if _period_s(widget) >= 60 else {}),
    }


def text(markdown: str) -> dict[str, Any]:
    """A panel of words."""
    return {"type": "text", "title": "", "options": {"mode": "markdown", "content": markdown}, "gridPos": {}}


def thresholds(widget: Widget, watched: Sequence[Alarm]) -> dict[str, Any]:
    """Where alarms begin: red is what they are about."""
    above = sorted(
        {row.threshold for row in watched if row.comparison.startswith("Greater")} | {*widget.marks.values()}
    )
    below = sorted({row.threshold for row in watched if row.comparison.startswith("Less")})
    steps: list[dict[str, Any]] = [{"color": "red" if below else "green", "value": None}]
    steps += [{"color": "green", "value": value} for value in below[-1:]]
    steps += [{"color": "red", "value": value} for value in above if not below or value > below[-1]]
    return {"mode": "absolute", "steps": steps}


def targets(widget: Widget) -> list[dict[str, Any]]:
    """The questions to CloudWatch, each with a letter of its own; those that others are made of are not drawn."""
    found: list[dict[str, Any]] = []
    for place, metric in enumerate(widget.metrics):
        if isinstance(metric, Metric):
            found.append(_asked(metric))
            continue
        # Ids are unique in one panel, so those of two expressions are kept apart by their place.
        known = {key: f"m{place}_{key}" for key in metric.metrics}
        found.append(_computed(metric, place, known))
        found += [{**_asked(inner), "id": known[key], "hide": True} for key, inner in sorted(metric.metrics.items())]
    return [{"refId": letters(number), **target} for number, target in enumerate(found)]


def letters(number: int) -> str:
    """A to Z, then AA, AB and so on."""
    first, last = divmod(number, 26)
    return (letters(first - 1) if first else "") + chr(65 + last)


def _asked(metric: Metric) -> dict[str, Any]:
    return {
        **_common(metric.period_s, metric.label or metric.name, metric.region),
        "metricEditorMode": _BUILDER,
        "namespace": metric.namespace,
        "metricName": metric.name,
        "dimensions": {name: [value] for name, value in sorted(metric.dimensions.items())},
        "matchExact": True,
        "statistic": metric.statistic,
        "id": "",
        "expression": "",
    }


def _computed(metric: MetricExpression, place: int, known: Mapping[str, str]) -> dict[str, Any]:
    expression = re.sub(r"\w+", lambda found: known.get(found.group(), found.group()), metric.expression)
    return {
        **_common(metric.period_s, metric.label, ""),
        "metricEditorMode": _CODE,
        "namespace": "",
        "metricName": "",
        "dimensions": {},
        "statistic": "Average",
        "id": f"e{place}",
        "expression": expression,
    }


def _common(period_s: int, label: str, region: str) -> dict[str, Any]:
    return {
        "datasource": {"type": CLOUDWATCH, "uid": f"${{{CLOUDWATCH}}}"},
        "queryMode": "Metrics",
        "metricQueryType": _SEARCH,
        "region": region or f"${REGION}",
        "period": str(period_s),
        "label": label,
        "hide": False,
    }


def _options(*, number: bool) -> dict[str, Any]:
    if number:
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _period_s(widget: Widget) -> int:
    return min(metric.period_s for metric in widget.metrics)
