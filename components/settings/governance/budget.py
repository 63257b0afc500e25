"""Settings of the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.settings.reading import matching, ranged


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a month may cost, and what happens when it costs more."""

    enabled: bool = True
    """Whether there is a budget."""
    limit_usd: int = ranged(500, 1, 1_000_000)
    """Limit of a month in USD; somebody hears at 50, 80 and 100 % of it, spent or foreseen."""
    scope: Literal["account", "environment"] = "account"
    """What counts: all that the account pays, or what has the stack's tag `Environment`, once the account that pays has
    activated it for cost reports."""
    stop: bool = True
    """Whether nothing starts a training or a notebook any more when the limit is spent; serving goes on."""
    stop_roles: tuple[str, ...] = matching(
        (), r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", "names of roles, with their path, such as service-role/notebooks"
    )
    """Further roles that are stopped, such as those of notebooks."""
    anomalies: bool = True
    """Whether unusual costs of what has the tag are told."""
    anomaly_usd: int = ranged(20, 1, 100_000)
    """What an anomaly has cost at least when it is told."""
    activate_tags: bool = False
    """Whether the tags are activated for cost reports: by the account that pays, a day after the first deployment."""
