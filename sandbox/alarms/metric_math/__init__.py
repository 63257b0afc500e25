"""CloudWatch's metric math, as far as alarms and dashboards of the platform use it."""

from __future__ import annotations

from sandbox.alarms.metric_math.reader import evaluate
from sandbox.alarms.metric_math.values import Context, MathError, Value

__all__ = ["Context", "MathError", "Value", "evaluate"]
