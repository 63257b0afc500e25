"""Turns configuration into frozen dataclasses, and everything that does not fit into a list of problems."""

from __future__ import annotations

import difflib
import math
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, field, fields
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import pulumi

from components.aws.kinds import camel

T = TypeVar("T")


class SettingsError(pulumi.RunError):
    """Everything that is wrong with a stack's configuration; Pulumi shows it without a trace."""


def ranged(default: Any, low: float, high: float) -> Any:
    """A field for a number from low to high, both allowed."""
    return field(default=default, metadata={"low": low, "high": high})


def one_of(default: Any, *allowed: Any) -> Any:
    """A field whose value, or each of whose values, is one of a few."""
    return field(default=default, metadata={"allowed": allowed})


def matching(default: Any, pattern: str, words: str) -> Any:
    """A field whose text, or each of whose texts, matches a pattern; `words` say so to a person."""
    return field(default=default, metadata={"pattern": pattern, "words": words})


def read(cls: type[T], given: Any, path: str, problems: list[str]) -> T:
    """One section; what cannot be read is left at its default and told in `problems`."""
    hints = get_type_hints(cls)
    known = {camel(item.name): item for item in fields(cast("Any", cls))}
    if not isinstance(given, Mapping):
        problems.append(
            f"{path} is {shown(given)}; allowed: a mapping with {', '.join(known)}; indent its keys below it"
        )
        given = {}
    problems += unknown(given, known, path)
    values: dict[str, Any] = {}
    for key, item in known.items():
        if key not in given:
            if item.default is MISSING and item.default_factory is MISSING:
                problems.append(f"{path}.{key} is missing; allowed: {allowed(hints[item.name], item)}; add it")
                values[item.name] = None
            continue
        fits = _fits(given[key], hints[item.name], item)
        if fits:
            values[item.name] = _frozen(given[key], hints[item.name])
        else:
            problems.append(_wrong(f"{path}.{key}", given[key], hints[item.name], item))
            values[item.name] = item.default if item.default is not MISSING else None
    return cls(**values)


def unknown(given: Iterable[str], known: Iterable[str], path: str) -> list[str]:
    """A problem for each key that means nothing, with the nearest one that does."""
    names = list(known)
    found = []
    for key in given:
        if key in names:
            continue
        near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
        remedy = f"rename it to {near[0]}" if near else "remove it"
        joint = path if path.endswith(":") else f"{path}."
        legible = key if str(key).isprintable() and key else shown(key)
        found.append(f"{joint}{legible} is unknown; allowed: {', '.join(names)}; {remedy}")
    return found


def shown(value: Any) -> str:
    """A value in a message: short, and as it would be written."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_WORDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _wrong(path: str, value: Any, hint: Any, item: Field[Any]) -> str:
    near = ""
    choices = [str(choice) for choice in _choices(hint, item)]
    if isinstance(value, str) and choices:
        lowered = {choice.lower(): choice for choice in choices}
        close = difflib.get_close_matches(value.lower(), lowered, n=1, cutoff=0.5)
        near = f" {lowered[close[0]]}" if close else ""
    remedy = f"did you mean{near}?" if near else "change it"
    return f"{path} is {shown(value)}; allowed: {allowed(hint, item)}; {remedy}"


def _choices(hint: Any, item: Field[Any]) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is Literal else tuple(item.metadata.get("allowed", ()))


def allowed(hint: Any, item: Field[Any]) -> str:
    """What a field may be, in words."""
    if get_origin(hint) in {Union, types.UnionType}:
        inner = next(option for option in get_args(hint) if option is not type(None))
        return f"{allowed(inner, item)}, or leave it out"
    choices = _choices(hint, item)
    words = item.metadata.get("words") or (", ".join(map(str, choices)) if choices else "")
    if get_origin(hint) is tuple:
        return f"a list of {words or 'texts'}"
    if get_origin(hint) is not None and get_origin(hint) is not Literal:
        return "a mapping of names to texts"
    if words:
        return str(words)
    if "low" in item.metadata:
        return f"{_WORDS[hint]} from {item.metadata['low']} to {item.metadata['high']}"
    return _WORDS[hint]


def _fits(value: Any, hint: Any, item: Field[Any]) -> bool:
    if get_origin(hint) in {Union, types.UnionType}:
        return value is None or any(_fits(value, option, item) for option in get_args(hint) if option is not type(None))
    if get_origin(hint) is tuple:
        repeated = isinstance(value, list) and len({str(inner) for inner in value}) != len(value)
        return isinstance(value, list) and not repeated and all(_fits_one(inner, str, item) for inner in value)
    if get_origin(hint) is not None and get_origin(hint) is not Literal:
        return isinstance(value, Mapping) and all(isinstance(inner, str) and inner for inner in value.values())
    return _fits_one(value, hint, item)


def _fits_one(value: Any, hint: Any, item: Field[Any]) -> bool:
    choices = _choices(hint, item)
    if choices:
        return any(value == choice and type(value) is type(choice) for choice in choices)
    if not _is_a(value, hint):
        return False
    if "low" in item.metadata and not item.metadata["low"] <= value <= item.metadata["high"]:
        return False
    pattern = item.metadata.get("pattern")
    return re.fullmatch(pattern, value) is not None if pattern else value != ""


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; true and false are no numbers here, and neither are NaN and infinity."""
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)
    if hint is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, hint)


def _frozen(value: Any, hint: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return float(value) if hint is float else value
