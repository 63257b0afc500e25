"""What was declared about an API: its document, its stage, its limits."""

from __future__ import annotations

from sandbox.gateway.declared.api import Api, Authorizer, GatewayResponse, Integration, Method
from sandbox.gateway.declared.firewall import CallerRate
from sandbox.gateway.declared.limits import Limit, Limits, Plan
from sandbox.gateway.declared.stage import Stage, stages

__all__ = [
    "Api",
    "Authorizer",
    "CallerRate",
    "GatewayResponse",
    "Integration",
    "Limit",
    "Limits",
    "Method",
    "Plan",
    "Stage",
    "stages",
]
