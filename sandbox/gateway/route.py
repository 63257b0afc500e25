"""Finds the method for a path: fixed segments before parameters, parameters before a greedy `{proxy+}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Method


@dataclass
class _Node:
    """One segment of all paths."""

    fixed: dict[str, _Node] = field(default_factory=dict)
    parameter: tuple[str, _Node] | None = None
    greedy: tuple[str, _Node] | None = None
    methods: dict[str, Method] = field(default_factory=dict)


class Route:
    """The step; its tree is made once."""

    def __init__(self, methods: Sequence[Method]) -> None:
        self._root = _Node()
        for method in methods:
            self._add(method)

    def __call__(self, exchange: Exchange) -> None:
        """Sets the method and its path parameters; an unknown path or method is API Gateway's famous 403."""
        segments = [part for part in exchange.path.split("/") if part]
        found: dict[str, str] = {}
        node = _walk(self._root, segments, 0, found)
        method = None if node is None else node.methods.get(exchange.verb) or node.methods.get("ANY")
        if method is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN")
        exchange.method = method
        exchange.path_parameters = found

    def _add(self, method: Method) -> None:
        node = self._root
        for part in (part for part in method.resource.split("/") if part):
            if part.startswith("{") and part.endswith("+}"):
                node.greedy = node.greedy or (part[1:-2], _Node())
                node = node.greedy[1]
            elif part.startswith("{"):
                node.parameter = node.parameter or (part[1:-1], _Node())
                node = node.parameter[1]
            else:
                node = node.fixed.setdefault(part, _Node())
        node.methods[method.verb] = method


def _walk(node: _Node, segments: list[str], at: int, found: dict[str, str]) -> _Node | None:
    if at == len(segments):
        return node if node.methods else None
    fixed = node.fixed.get(segments[at])
    if fixed is not None and (end := _walk(fixed, segments, at + 1, found)) is not None:
        return end
    if node.parameter is not None:
        name, child = node.parameter
        end = _walk(child, segments, at + 1, found)
        if end is not None:
            found[name] = segments[at]
            return end
    if node.greedy is not None:
        name, child = node.greedy
        found[name] = "/".join(segments[at:])
        return child
    return None
