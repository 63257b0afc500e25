"""Observability: the alarms and dashboards that other components declare, and the topics people listen to."""

from __future__ import annotations

from components.observability.boards import dashboard
from components.observability.component import Observability, ObservabilityArgs, deny_without_tls, topic_policy
from components.observability.composites import COMPOSITES, Composite
from components.observability.inputs import metric_inputs

__all__ = [
    "COMPOSITES",
    "Composite",
    "Observability",
    "ObservabilityArgs",
    "dashboard",
    "deny_without_tls",
    "metric_inputs",
    "topic_policy",
]
