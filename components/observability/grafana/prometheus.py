"""Panels of what Prometheus scrapes: the API's figures, and the serving process where it can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from components.observability.grafana.panels import letters
from functions.metrics.schemas import PREFIX, ROWS, Row

PROMETHEUS: Final = "prometheus"
"""Type of the data source, and name of the variable that chooses one."""
HEADINGS: Final[Mapping[str, str]] = {
    "api": "API",
    "endpoint": "endpoint",
    "function": "functions",
    "predictions": "predictions",
    "training": "trainings",
}
_RATE: Final = "[$__rate_interval]"


@dataclass(frozen=True)
class Line:
    """One question, and what its answer is called."""

    expression: str
    legend: str


MODEL: Final = f"{PREFIX}_model"
SERVING: Final[Mapping[tuple[str, str], tuple[Line, ...]]] = {
    ("Requests by status", "reqps"): (Line(f"sum by (code) (rate({MODEL}_requests_total{_RATE}))", "{{code}}"),),
    ("Time of a request", "s"): tuple(
        Line(f"histogram_quantile({q}, sum by (le) (rate({MODEL}_request_duration_seconds_bucket{_RATE})))", f"p{n}")
        for q, n in (("0.5", 50), ("0.95", 95), ("0.99", 99))
    ),
    ("Rows of a request, mean", "short"): (
        Line(
            f"sum(rate({MODEL}_request_instances_sum{_RATE})) / sum(rate({MODEL}_request_instances_count{_RATE}))",
            "rows",
        ),
    ),
    ("Rows by outcome", "short"): (Line(f"sum by (outcome) (rate({MODEL}_instances_total{_RATE}))", "{{outcome}}"),),
    ("Models that answer", "short"): (Line(f"count by (version) ({MODEL}_info)", "{{version}}"),),
    ("Processor", "percentunit"): (Line(f"rate({MODEL}_cpu_seconds_total{_RATE})", "{{instance}}"),),
    ("Memory, most", "bytes"): (Line(f"{MODEL}_memory_peak_bytes", "{{instance}}"),),
    ("Running since", "dateTimeAsIso"): (Line(f"1000 * {MODEL}_start_time_seconds", "{{instance}}"),),
}
"""Title and unit of a panel → what it shows of the serving process."""


def panels() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Sections with their panels, without places."""
    for source, rows in groupby(ROWS, key=lambda row: row.source):
        yield f"Prometheus: {HEADINGS[source]}", [_of_row(row) for row in rows]
    serving = [_drawn(title, unit, lines) for (title, unit), lines in SERVING.items()]
    yield "Prometheus: serving process", serving


def _of_row(row: Row) -> dict[str, Any]:
    name = f"{PREFIX}_{row.name}"
    legend = " ".join(
        word
        for word, shown in (
            ("{{function}}", row.source == "function"),
            ("{{quantile}}", row.name.endswith("_seconds")),
        )
        if shown
    )
    unit = "s" if row.name.endswith("_seconds") else "percentunit" if row.name.endswith("_ratio") else "short"
    return _drawn(row.about.rstrip("."), unit, (Line(name, legend or row.name),))


def _drawn(title: str, unit: str, lines: tuple[Line, ...]) -> dict[str, Any]:
    source = {"type": PROMETHEUS, "uid": f"${{{PROMETHEUS}}}"}
    return {
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"w": 8, "h": 6},
        "fieldConfig": {"defaults": {"unit": unit, "custom": {"drawStyle": "line"}}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": letters(number),
                "datasource": source,
                "expr": line.expression,
                "legendFormat": line.legend,
                "editorMode": "code",
                "range": True,
                "instant": False,
            }
            for number, line in enumerate(lines)
        ],
    }
