"""Dashboards as CloudWatch's documents: alarms first, then each section under its heading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pulumi import Input

from components.observability.composites import COMPOSITES, Composite
from components.values import Alarm, Metric, MetricExpression, Widget

_COLUMNS: Final = 24
_VIEWS: Final = {"lines": "timeSeries", "stacked": "timeSeries", "number": "singleValue"}
_DAY_S: Final = 86_400
_MOST_ALARMS: Final = 100
"""Alarms that one alarm widget can show."""
_MANY_LINES: Final = 8
"""From so many lines on, their names stand beside the picture: below it they would take its place."""
_WIDEST_ALONE: Final = 12


def dashboard(
    widgets: Sequence[Widget],
    region: Input[str],
    alarm_arns: Sequence[Input[str]],
    heading: str,
    *,
    alarms: Sequence[Alarm] = (),
    wholes: Sequence[Input[str]] = (),
) -> dict[str, Any]:
    """The dashboard's document: what users feel, what is in alarm, then each section under its heading.

    Where a line is what an alarm watches, the alarm's threshold is drawn across it.

    Args:
        widgets: what is drawn.
        region: where metrics are that do not say it.
        alarm_arns: alarms that are shown while something is wrong with them: nobody reads a hundred green names.
        heading: text below them.
        alarms: rows whose thresholds are drawn.
        wholes: alarms that are always shown, being few.
    """
    placed: list[dict[str, Any]] = []
    y = 0
    if wholes:
        placed.append(_widget("alarm", (0, y, _COLUMNS, 2), {"title": "What users feel", "alarms": list(wholes)}))
        y += 2
    for first in range(0, len(alarm_arns), _MOST_ALARMS):
        shown = {"alarms": list(alarm_arns[first : first + _MOST_ALARMS]), "sortBy": "stateUpdatedTimestamp"}
        title = "In alarm" if not first else "In alarm, continued"
        placed.append(_widget("alarm", (0, y, _COLUMNS, 3), {"title": title, "states": ["ALARM"], **shown}))
        y += 3
    if alarm_arns or wholes:
        placed.append(_widget("text", (0, y, _COLUMNS, 3), {"markdown": heading}))
        y += 3
    widgets = [_marked(widget, alarms) for widget in widgets]
    for section in dict.fromkeys(widget.section for widget in widgets):
        placed.append(_widget("text", (0, y, _COLUMNS, 1), {"markdown": f"## {section}"}))
        y = _place([widget for widget in widgets if widget.section == section], region, y + 1, placed)
    return {"periodOverride": "inherit", "start": "-PT3H", "widgets": placed}


def _marked(widget: Widget, alarms: Sequence[Alarm]) -> Widget:
    """With the thresholds of alarms that watch a line of it, over the same period."""
    # Above zero means any at all: a line there is the axis, with a name that covers the others.
    found = {f"alarm: {row.name}": row.threshold for row in watching(widget, alarms) if row.threshold}
    drawn = set(widget.marks.values())
    return replace(widget, marks={**widget.marks, **{key: at for key, at in found.items() if at not in drawn}})


def watching(widget: Widget, alarms: Sequence[Alarm]) -> list[Alarm]:
    """Alarms with a threshold on what is a line of the widget."""
    plain = [metric for metric in widget.metrics if isinstance(metric, Metric)]
    return [
        row
        for row in alarms
        if isinstance(row.metric, Metric) and not row.on_band and any(_same(row.metric, metric) for metric in plain)
    ]


def _same(one: Metric, other: Metric) -> bool:
    """Whether two rows are one series; dimensions that only AWS knows are told apart by what gave them."""
    if one.name != other.name:
        return False
    alike = (one.namespace, one.statistic, one.period_s, one.region) == (
        other.namespace,
        other.statistic,
        other.period_s,
        other.region,
    )
    pairs = zip(sorted(one.dimensions.items()), sorted(other.dimensions.items()), strict=True)
    return (
        alike
        and one.dimensions.keys() == other.dimensions.keys()
        and all(mine is theirs or (isinstance(mine, str) and mine == theirs) for (_, mine), (_, theirs) in pairs)
    )


def _place(widgets: Sequence[Widget], region: Input[str], y: int, placed: list[dict[str, Any]]) -> int:
    """Fills rows from the left and to the end; gives the first free row below."""
    for row in _rows(widgets):
        x, spare, height = 0, _COLUMNS - sum(widget.width for widget in row), max(widget.height for widget in row)
        for number, widget in enumerate(row):
            width = widget.width + spare // len(row) + (number < spare % len(row))
            if len(row) == 1:
                width = max(widget.width, min(width, _WIDEST_ALONE))
            placed.append(_widget("metric", (x, y, width, height), _picture(widget, region)))
            x += width
        y += height
    return y


def _rows(widgets: Sequence[Widget]) -> list[list[Widget]]:
    """As many in a row as there is room for."""
    found: list[list[Widget]] = []
    for widget in widgets:
        if found and sum(other.width for other in found[-1]) + widget.width <= _COLUMNS:
            found[-1].append(widget)
        else:
            found.append([widget])
    return found


def _widget(kind: str, place: tuple[int, int, int, int], properties: Mapping[str, Any]) -> dict[str, Any]:
    x, y, width, height = place
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _picture(widget: Widget, region: Input[str]) -> dict[str, Any]:
    lines: list[list[Any]] = []
    for number, metric in enumerate(widget.metrics):
        lines += _expression_lines(number, metric) if isinstance(metric, MetricExpression) else [_line(metric)]
    properties: dict[str, Any] = {
        "title": widget.title,
        "region": region,
        "view": _VIEWS[widget.kind],
        "stacked": widget.kind == "stacked",
        "metrics": lines,
        "period": min(metric.period_s for metric in widget.metrics),
    }
    if all(metric.period_s >= _DAY_S for metric in widget.metrics):
        # What has a data point a day shows nothing on a dashboard of three hours.
        properties |= {"start": "-P30D", "end": "P0D"}
    if widget.kind != "number":
        properties["yAxis"] = {"left": {"label": widget.y_label, "min": 0, "showUnits": False}}
    if len(widget.metrics) >= _MANY_LINES:
        properties["legend"] = {"position": "right"}
    if widget.marks:
        marks = [{"label": label, "value": value} for label, value in sorted(widget.marks.items())]
        properties["annotations"] = {"horizontal": marks}
    return properties


def _line(metric: Metric, **more: Any) -> list[Any]:
    dimensions = [part for pair in sorted(metric.dimensions.items()) for part in pair]
    options = {"stat": metric.statistic, "period": metric.period_s, "label": metric.label or metric.name, **more}
    if metric.region:
        options["region"] = metric.region
    return [metric.namespace, metric.name, *dimensions, options]


def _expression_lines(number: int, metric: MetricExpression) -> list[list[Any]]:
    """Ids are unique in one picture, so those of two expressions are kept apart by their place."""
    known = {key: f"m{number}_{key}" for key in metric.metrics}
    expression = re.sub(r"\w+", lambda found: known.get(found.group(), found.group()), metric.expression)
    hidden = [_line(inner, id=known[key], visible=False) for key, inner in sorted(metric.metrics.items())]
    options = {"expression": expression, "label": metric.label, "id": f"e{number}", "period": metric.period_s}
    return [[options], *hidden]


def _declared(row: Composite, alarms: Sequence[Alarm]) -> bool:
    return any(row.name in alarm.part_of for alarm in alarms) or any(
        row.name in other.part_of and _declared(other, alarms) for other in COMPOSITES
    )


def index(alarms: Sequence[Alarm], links: str) -> str:
    """Every runbook that an alarm names: as links where they have an address, else where they lie in the repository."""
    names = sorted({alarm.runbook for alarm in alarms} | {row.runbook for row in COMPOSITES if _declared(row, alarms)})
    if "://" not in links:
        return f"Runbooks in {links} of the repository: " + " · ".join(names)
    return "Runbooks: " + " · ".join(f"[{name}]({links}/{name}.md)" for name in names)
