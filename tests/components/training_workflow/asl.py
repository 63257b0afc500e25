"""Checks of a state machine's document, as Step Functions makes them and a little beyond."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

_PATH = re.compile(r"\$\$?(\.[A-Za-z_][A-Za-z0-9_]*)*")
_TERMINAL = ("Succeed", "Fail")


def targets(state: Mapping[str, Any]) -> set[str]:
    """Every state that may follow this one."""
    found = {state[key] for key in ("Next", "Default") if key in state}
    found |= {choice["Next"] for choice in state.get("Choices", [])}
    return found | {catcher["Next"] for catcher in state.get("Catch", [])}


def reachable(document: Mapping[str, Any]) -> set[str]:
    """Every state that an execution can come to."""
    seen: set[str] = set()
    waiting = [document["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(document["States"][name])
    return seen


def ends(state: Mapping[str, Any]) -> bool:
    """Whether an execution ends here."""
    return state["Type"] in _TERMINAL or bool(state.get("End"))


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Key and expression of every field that is filled in at run time."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and key.endswith(".$"):
                yield key, inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def paths(expression: str) -> list[str]:
    """The reference paths in an expression, those inside intrinsic functions included."""
    quoted = re.sub(r"'[^']*'", "", expression)
    return [found.group() for found in _PATH.finditer(quoted)]


def filled(value: Any, key: str = "") -> Any:
    """The parameters with a plausible text in place of every expression, as the service would receive them."""
    if isinstance(value, Mapping):
        return {
            name.removesuffix(".$"): "s3://bucket/key/"
            if name.endswith("Uri.$")
            else "text"
            if name.endswith(".$")
            else filled(inner, name)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [filled(inner, key) for inner in value]
    return value


def problems(service: str, operation: str, parameters: Mapping[str, Any]) -> str:
    """What botocore's model of the service refuses, values of enumerations included; empty when nothing."""
    shape = _shape(service, operation[0].upper() + operation[1:])
    report = ParamValidator().validate(filled(parameters), shape)
    return "\n".join([report.generate_report(), *_enumerations(filled(parameters), shape)]).strip()


@cache
def _shape(service: str, operation: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def _enumerations(value: Any, shape: Any, at: str = "") -> Iterator[str]:
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from _enumerations(inner, shape.members[name], f"{at}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            yield from _enumerations(inner, shape.member, at)
    elif shape.type_name == "map":
        for inner in value.values():
            yield from _enumerations(inner, shape.value, at)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{at}: {value!r} is none of {', '.join(sorted(shape.enum)[:8])}"
