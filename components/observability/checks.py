"""What is refused before anything is made: rows that cannot work, and metrics that nobody emits."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from components.observability import tracing
from components.observability.composites import COMPOSITES, LONGEST_RULE, MOST_CHILDREN, rules
from components.observability.emitted import OURS, SERVICES
from components.values import Alarm, Metric, MetricExpression

if TYPE_CHECKING:
    from components.observability.component import ObservabilityArgs

_NAME: Final = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


def problems(args: ObservabilityArgs) -> list[str]:
    """Everything that cannot work, each with field, value, what is allowed and what to do."""
    found = [*_alarms(args["alarms"]), *_composites(args), *_listeners(args)]
    for row in args["alarms"]:
        found += [f"alarm {row.name!r} watches {text}" for text in _unknown([row.metric])]
        found += [
            f"alarm {row.name!r} watches {metric.name} in region {metric.region!r}; allowed: its own region; declare "
            "it there"
            for metric in _plain([row.metric])
            if metric.region
        ]
    if "traced" in args:
        found += tracing.problems(args["name_prefix"], args["traced"])
    for widget in args["widgets"]:
        found += [f"widget {widget.title!r} draws {text}" for text in _unknown(widget.metrics)]
    return found


def _alarms(rows: Iterable[Alarm]) -> Iterator[str]:
    counted = Counter([*(row.name for row in rows), *(composite.name for composite in COMPOSITES)])
    for name, times in counted.items():
        if times > 1:
            yield f"alarm {name!r} is declared {times} times; allowed: once; rename all but one"
    for row in rows:
        if not _NAME.match(row.name):
            yield f"alarm name is {row.name!r}; allowed: lower-case letters, digits and single dashes; rename it"
        if not _NAME.match(row.runbook):
            yield (
                f"runbook of alarm {row.name!r} is {row.runbook!r}; allowed: a file name in docs/runbooks without .md; "
                "write the page and name it"
            )


def _composites(args: ObservabilityArgs) -> Iterator[str]:
    for name, (rule, members) in rules(args["alarms"], args["name_prefix"]).items():
        if len(members) > MOST_CHILDREN or len(rule) > LONGEST_RULE:
            yield (
                f"alarm {name!r} is made of {len(members)} others, in {len(rule)} characters; allowed: {MOST_CHILDREN} "
                f"and {LONGEST_RULE}; make some of them part of another one"
            )


def _listeners(args: ObservabilityArgs) -> Iterator[str]:
    for email in args.get("emails", []):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            yield f"emails holds {email!r}; allowed: an address such as ops@example.org; mend it"
    if ("slack_workspace" in args) != ("slack_channel" in args):
        given = "slack_workspace" if "slack_workspace" in args else "slack_channel"
        yield f"{given} is given alone; allowed: slack_workspace and slack_channel together, or neither; add the other"


def _unknown(metrics: Iterable[Metric | MetricExpression]) -> Iterator[str]:
    """Metrics that no service and no function of ours emits, in words."""
    for metric in _plain(metrics):
        known = OURS if metric.namespace == OURS.namespace else SERVICES.get(metric.namespace)
        if known is None:
            names = ", ".join([OURS.namespace, *SERVICES])
            yield f"{metric.name} of namespace {metric.namespace!r}, which nobody emits; allowed: {names}; rename it"
            continue
        if metric.name not in known.metrics:
            near = difflib.get_close_matches(metric.name, known.metrics, n=1)
            remedy = f"did you mean {near[0]}?" if near else "emit it, or name another"
            names = ", ".join(known.metrics)
            yield f"{metric.name!r} of {metric.namespace}, which nobody emits; allowed: {names}; {remedy}"
            continue
        sets = known.metrics[metric.name]
        if frozenset(metric.dimensions) not in sets:
            allowed = " or ".join(", ".join(sorted(row)) or "none" for row in sorted(sets, key=sorted))
            given = ", ".join(sorted(metric.dimensions)) or "none"
            yield f"{metric.name} of {metric.namespace} by dimensions {given}; allowed: {allowed}; name those"


def _plain(metrics: Iterable[Metric | MetricExpression]) -> Iterator[Metric]:
    for metric in metrics:
        if isinstance(metric, Metric):
            yield metric
        else:
            yield from metric.metrics.values()
