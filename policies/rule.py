"""One rule as plain data: what must hold for which types, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.resources import Node

Severity = Literal["critical", "high", "medium", "low"]
Scope = Literal["resource", "stack"]
Check = Callable[[Node], Iterable[str]]
"""Yields one sentence for each thing that is wrong: the property, the value found, what is allowed."""
Configured = Callable[[Mapping[str, Any]], Check]
"""The check of a rule with the options that the CLI was given for it (`--policy-pack-config`)."""

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must hold for every resource of some types."""

    id: str
    """Name in exemptions, reports and the CLI's configuration: lower case words with hyphens."""
    severity: Severity
    controls: tuple[str, ...] = ()
    """Controls that it covers, framework first: `FSBP S3.8`, `CIS 2.1.4` (v3.0.0), `ML Lens MLSEC06-BP01`."""
    types: tuple[str, ...]
    """Type tokens of the resources that it judges."""
    scope: Scope = "resource"
    """resource: judged before that resource is created; stack: needs other resources too, judged when all are known."""
    what: str
    """What must hold, as one sentence."""
    why: str
    """What goes wrong otherwise."""
    mend: str
    """What to change in the program."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the CLI's configuration may say about it: JSON schemas with defaults, by name."""
    configured: Configured | None = None
    """Its check with such options; `check` is the one with the defaults."""
    check: Check
    """Names what is wrong with one resource; raises UndecidedError where a value it needs is not known yet."""
