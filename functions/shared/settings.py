"""A function's settings: one frozen dataclass says what the component sets and what the function reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, cast

T = TypeVar("T")


class SettingsError(ValueError):
    """Variables that are missing, unknown or of the wrong type; all of them in one message."""


def text(value: str) -> str:
    """A text that is not blank."""
    if not value.strip():
        raise ValueError
    return value


PARSERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "str": (text, "text that is not blank"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
}
"""Per annotation of a field: how its variable is read, and what is allowed in words."""


def load(cls: type[T], environ: Mapping[str, str]) -> T:
    """The settings of a function from its environment variables (field `endpoint_name` ← `ENDPOINT_NAME`).

    Raises:
        SettingsError: names every variable that is missing or cannot be read.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(cast("Any", cls)):
        name = field.name.upper()
        if name not in environ:
            if required(field):
                problems.append(f"{name}: missing; set it in the function's environment")
            continue
        parse, allowed = PARSERS[str(field.type)]
        try:
            values[field.name] = parse(environ[name])
        except ValueError:
            problems.append(f"{name}: {environ[name]!r} is not allowed; give {allowed}")
    if problems:
        raise SettingsError(f"{cls.__module__}: " + "; ".join(sorted(problems)))
    return cls(**values)


def variables(cls: type[Any], **values: Any) -> dict[str, Any]:
    """The environment of a function for the component that deploys it.

    Values may still be unknown when the program runs, so only names are checked here.

    Raises:
        SettingsError: names every field that has no value and every value that is no field.
    """
    known = {field.name: field for field in fields(cls)}
    missing = [name for name, field in known.items() if name not in values and required(field)]
    problems = [f"{name}: missing; give it a value" for name in missing]
    allowed = ", ".join(sorted(known))
    problems += [f"{name}: unknown; the fields are {allowed}" for name in values if name not in known]
    if problems:
        raise SettingsError(f"{cls.__module__}: " + "; ".join(sorted(problems)))
    return {name.upper(): values[name] for name in sorted(values)}


def required(field: Field[Any]) -> bool:
    """Whether a field has no default."""
    return field.default is MISSING and field.default_factory is MISSING
