"""One capability in Lambda with a role, a log group and an alias of its own."""

from __future__ import annotations

from components.function.calling import ClockArgs, clock, may_call, on_events
from components.function.capability import function_args
from components.function.component import ALIAS, Function, FunctionArgs
from components.function.layer import Layer, LayerArgs

__all__ = [
    "ALIAS",
    "ClockArgs",
    "Function",
    "FunctionArgs",
    "Layer",
    "LayerArgs",
    "clock",
    "function_args",
    "may_call",
    "on_events",
]
