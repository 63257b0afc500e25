"""One capability in Lambda with a role, a log group and an alias of its own."""

from __future__ import annotations

from components.function.capability import function_args
from components.function.clock import ClockArgs, clock
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
]
