"""How much a stack is used in a month: a TOML file that names resources of the program and what happens to them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tomllib

from policies.cost.meters import METERS

REFERENCE = Path(__file__).resolve().parents[1] / "usage" / "reference.toml"
"""The load that estimates assume where no other is given."""
HOURS = 730.0
"""Of a month, as AWS's calculator counts."""

Amount = float | Mapping[str, float]
"""How much of something; by kind where there are several, such as hours of each type of instance."""


class UsageError(ValueError):
    """Everything that is wrong with a usage file: field, value, what is allowed, what to do."""


@dataclass(frozen=True)
class Usage:
    """What the file says."""

    hours: float = HOURS
    """How long the stack stands in the month."""
    resources: Mapping[str, Mapping[str, Amount]] = field(default_factory=dict)
    """Name in the program, with `*` for any characters → metric → amount a month, for each resource that fits."""

    def of(self, name: str, metrics: Iterable[str]) -> dict[str, Amount]:
        """What happens to one resource, of what its type is charged for; the last row that fits counts."""
        known = set(metrics)
        found: dict[str, Amount] = {}
        for pattern, row in self.resources.items():
            if fnmatchcase(name, pattern):
                found |= {metric: amount for metric, amount in row.items() if metric in known}
        return found

    def check(self, declared: Iterable[tuple[str, str]]) -> None:
        """Refuses rows that no resource of a stack fits: names and types of all its resources.

        Raises:
            UsageError: names each row and the closest resource, or each metric and the closest one.
        """
        pairs = [(name, METERS[token].metrics) for name, token in declared if token in METERS]
        charged = sorted({name for name, metrics in pairs if metrics})
        problems = []
        for pattern, row in self.resources.items():
            fitting = [metrics for name, metrics in pairs if fnmatchcase(name, pattern)]
            if not fitting:
                near = _near(pattern, charged)
                problems.append(f"resources.{pattern!r} is no resource of the stack whose use is charged; {near}")
                continue
            allowed = sorted({metric for metrics in fitting for metric in metrics})
            problems += [
                f"resources.{pattern!r}.{metric} means nothing for it; allowed: {', '.join(allowed) or 'nothing'}; "
                + _near(metric, allowed)
                for metric in row
                if metric not in allowed
            ]
        if problems:
            raise UsageError("\n".join(problems))


def read(text: str, name: str = "the usage file") -> Usage:
    """The usage of a file's text.

    Raises:
        UsageError: names every field that is wrong.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is no TOML: {error}") from None
    problems: list[str] = []
    keys = ("hours", "resources")
    problems += [
        f"{key} is unknown; allowed: {', '.join(keys)}; {_near(key, keys)}" for key in content if key not in keys
    ]
    hours = content.get("hours", HOURS)
    if not _is_amount(hours) or not 0 < hours <= 744:
        problems.append(f"hours is {hours!r}; allowed: a number above 0, up to 744; change it")
    resources = content.get("resources", {})
    if not isinstance(resources, Mapping) or not all(isinstance(row, Mapping) for row in resources.values()):
        problems.append(f"resources is {resources!r}; allowed: tables by the name of a resource; indent its metrics")
        resources = {}
    metrics = sorted({metric for meter in METERS.values() for metric in meter.metrics})
    for pattern, row in resources.items():
        problems += [problem for key, value in row.items() for problem in _wrong(pattern, key, value, metrics)]
    if problems:
        raise UsageError(f"{name} has {len(problems)} problem{'s' * (len(problems) > 1)}:\n" + "\n".join(problems))
    return Usage(hours=float(hours), resources=resources)


def load(path: Path | None = None) -> Usage:
    """The usage of a file, the reference load without one."""
    chosen = path or REFERENCE
    try:
        text = chosen.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"usage is {str(chosen)!r}; allowed: a file that can be read; {error.strerror}") from None
    return read(text, chosen.name)


def _wrong(pattern: str, key: str, value: Any, metrics: list[str]) -> list[str]:
    place = f"resources.{pattern!r}.{key}"
    if key not in metrics:
        return [f"{place} is unknown; {_near(key, metrics)}"]
    if isinstance(value, Mapping) != any(key in meter.by_kind for meter in METERS.values()):
        wanted = "a number from 0" if isinstance(value, Mapping) else 'amounts by kind such as { "ml.m5.large" = 4 }'
        return [f"{place} is {value!r}; allowed: {wanted}; change it"]
    amounts = value if isinstance(value, Mapping) else {"": value}
    return [
        f"{place}{f'.{kind}' if kind else ''} is {amount!r}; allowed: a number from 0; change it"
        for kind, amount in amounts.items()
        if not _is_amount(amount) or amount < 0
    ]


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _near(key: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(names), n=1, cutoff=0.4)
    return f"did you mean {close[0]}?" if close else "remove it"
