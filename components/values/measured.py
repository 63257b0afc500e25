"""Metrics that functions write into their logs."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.values.signals import Metric
from functions.measures import DIMENSION, MEASURES, NAMESPACE

_UNITS: Final = {name: unit for measures in MEASURES.values() for name, unit in measures.items()}


def measured(function: Input[str], name: str, label: str, statistic: str = "Sum", *, period_s: int = 300) -> Metric:
    """A metric of a function by its name in functions/measures.py, which says its unit.

    Args:
        function: physical name of the function that writes it.
        name: such as `BatchesFailed`.
        label: name on a dashboard.
        statistic: as `Metric` has it.
        period_s: length of one data point.

    Raises:
        ValueError: no function measures that.
    """
    if name not in _UNITS:
        raise ValueError(f"no function measures {name!r}; allowed: {', '.join(sorted(_UNITS))}")
    return Metric(
        namespace=NAMESPACE,
        name=name,
        dimensions={DIMENSION: function},
        statistic=statistic,
        period_s=period_s,
        unit=_UNITS[name],
        label=label,
    )
