"""The page of alarms, from what each stack declares."""

from __future__ import annotations

from typing import Final

from artifacts.build import ROOT

KINDS: Final = ("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")


def page() -> str:
    """The page's text."""
    from components.observability.reference import page as drawn
    from sandbox.report import plan

    stacks = sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    declared = {stack: [row.inputs for kind in KINDS for row in plan(stack).of_type(kind)] for stack in stacks}
    return drawn(declared)
