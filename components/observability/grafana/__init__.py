"""Dashboards for Grafana, from the rows that CloudWatch's own are made of."""

from __future__ import annotations

from components.observability.grafana.dashboard import grafana

__all__ = ["grafana"]
