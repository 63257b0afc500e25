"""A dashboard as Grafana keeps it: sections in rows, a panel a widget, alarms as thresholds and links to runbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypedDict

from pulumi import Input

from components.observability.boards import index, watching
from components.observability.grafana.panels import CLOUDWATCH, REGION, panel, text
from components.observability.grafana.prometheus import PROMETHEUS, panels
from components.values import Alarm, Widget

SCHEMA: Final = 39
"""Grafana 10.4 and later read it; an older form would be migrated as it is loaded."""
COLUMNS: Final = 24
LONGEST_UID: Final = 40


class Shown(TypedDict):
    """What a dashboard is about, beside its widgets."""

    uid: str
    """By which Grafana knows it, also after a change of its title: up to 40 letters, digits and dashes."""
    title: str
    region: Input[str]
    alarms: Sequence[Alarm]
    links: str
    """Where runbooks can be read."""
    prometheus: bool
    """Whether what Prometheus scrapes is shown too."""


def grafana(widgets: Sequence[Widget], shown: Shown) -> dict[str, Any]:
    """The dashboard's document."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for widget in widgets:
        drawn = panel(widget, watching(widget, shown["alarms"]), shown["links"])
        sections.setdefault(widget.section, []).append(drawn)
    if shown["prometheus"]:
        for section, found in panels():
            sections.setdefault(section, []).extend(found)
    placed = list(_placed(sections, index(shown["alarms"], shown["links"])))
    return {
        "uid": shown["uid"],
        "title": shown["title"],
        "schemaVersion": SCHEMA,
        "tags": ["mlplatform"],
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": _variables(shown)},
        "annotations": {"list": []},
        "links": [],
        "panels": [{**row, "id": number} for number, row in enumerate(placed, 1)],
    }


def _placed(sections: Mapping[str, Sequence[dict[str, Any]]], runbooks: str) -> Iterator[dict[str, Any]]:
    """The runbooks, then each section's heading with its panels below, in rows from the left."""
    yield _at(text(runbooks), 0, 0, COLUMNS, 3)
    y = 3
    for title, panels_of in sections.items():
        yield _at({"type": "row", "title": title, "collapsed": False, "panels": []}, 0, y, COLUMNS, 1)
        x, y, tallest = 0, y + 1, 0
        for made in panels_of:
            width, height = made["gridPos"]["w"], made["gridPos"]["h"]
            if x + width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            yield _at(made, x, y, width, height)
            x, tallest = x + width, max(tallest, height)
        y += tallest


def _at(made: Mapping[str, Any], x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {**made, "gridPos": {"x": x, "y": y, "w": width, "h": height}}


def _variables(shown: Shown) -> list[dict[str, Any]]:
    """Which of Grafana's data sources are asked, and in which region: a viewer can choose others."""
    kinds = {CLOUDWATCH: "CloudWatch", **({PROMETHEUS: "Prometheus"} if shown["prometheus"] else {})}
    sources = [
        {"type": "datasource", "name": kind, "label": label, "query": kind, "current": {}, "hide": 0, "refresh": 1}
        for kind, label in kinds.items()
    ]
    chosen = {"text": shown["region"], "value": shown["region"], "selected": True}
    region = {
        "type": "custom",
        "name": REGION,
        "label": "Region",
        "query": shown["region"],
        "current": chosen,
        "options": [chosen],
        "hide": 0,
    }
    return [*sources, region]
