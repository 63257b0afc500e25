"""Reads the settings of the stack that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, get_args, get_type_hints

from pulumi.runtime.config import CONFIG, is_config_secret

from components.aws.kinds import camel
from components.settings import checks
from components.settings.reading import SettingsError, read, shown, unknown
from components.settings.regions import region_problems
from components.settings.sections import Settings

NAMESPACE: Final = "mlplatform"
_SECTION: Final = re.compile(r"[.: ]")
"""What ends the name of a section at the beginning of a problem."""


def load(stack: str, config: Mapping[str, str] | None = None) -> Settings:
    """The settings of a stack from Pulumi's configuration, or from the full keys given.

    Raises:
        SettingsError: names every key that is unknown, missing or wrong, what is allowed, and what to do.
    """
    values = dict(CONFIG.get() if config is None else config)
    problems: list[str] = []
    sections = _sections(values, problems)
    region = values.get("aws:region", "")
    problems += [
        f"aws:region {problem} with pulumi config set aws:region NAME --stack {stack}"
        for problem in region_problems(region)
    ]
    settings = Settings(region=region, **sections)
    problems += _between(settings, problems)
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise SettingsError(f"Pulumi.{stack}.yaml has {count}:\n{listed}")
    return settings


def _between(settings: Settings, problems: Sequence[str]) -> list[str]:
    """What does not fit together, but for sections with wrong keys: those stand at defaults that nobody asked for."""
    wrong = {_SECTION.split(problem.removeprefix(f"{NAMESPACE}:"))[0] for problem in problems}
    if settings.recovery is not None and not settings.recovery.region:
        settings = replace(settings, recovery=None)
    about = [re.compile(r"\bregion\b" if name == "aws" else rf"\b{re.escape(name)}[.:,]") for name in wrong]
    return [told for told in checks.problems(settings) if not any(pattern.search(told) for pattern in about)]


def _sections(values: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    hints = get_type_hints(Settings)
    known = {camel(item.name): item for item in fields(Settings) if item.name != "region"}
    mine = {key.split(":", 1)[1]: value for key, value in values.items() if key.startswith(f"{NAMESPACE}:")}
    problems += unknown(mine, known, f"{NAMESPACE}:")
    found: dict[str, Any] = {}
    for key, item in known.items():
        if key not in mine:
            continue
        full = f"{NAMESPACE}:{key}"
        if is_config_secret(full):
            # What is secret must not reach a message, nor a tag or an instance type.
            problems.append(f"{full} is encrypted; allowed: plain values; keep secrets in Secrets Manager")
            continue
        if item.name == "artifacts":
            found[item.name] = mine[key] or item.default
            continue
        given = _structure(mine[key], full, problems)
        if given is None:
            continue
        if item.name == "tags":
            found[item.name] = _tags(given, full, problems)
        else:
            found[item.name] = read(_section(hints[item.name]), given, full, problems)
    return found


def _section(hint: Any) -> type[Any]:
    """The dataclass of a section, also of one that a stack may do without."""
    found: type[Any] = next((kind for kind in get_args(hint) if kind is not type(None)), hint)
    return found


def _structure(text: str, path: str, problems: list[str]) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        problems.append(f"{path} is {shown(text)}; allowed: a mapping; indent its keys below it")
        return None


def _tags(given: Any, path: str, problems: list[str]) -> dict[str, str]:
    if isinstance(given, dict) and all(isinstance(value, str) and value for value in given.values()):
        return given
    problems.append(f"{path} is {shown(given)}; allowed: a mapping of names to texts; quote numbers")
    return {}
