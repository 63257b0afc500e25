"""Whether the platform can do its work: each part asked at once, for a second at most, and not more often than that.

A part that is missed costs something, but predictions are what callers come for: without the model nobody is served.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from functions.shared.errors import ApiError, Detail
from functions.system.schemas import ModelReady, Part, Ready

State = Literal["up", "slow", "down"]
MODEL = "model"
"""The part without which nothing works."""
LIMIT_S = 0.9
"""Longest wait for all parts together."""
REMEMBER_S = 1.0
"""How long an answer counts, so that asking often costs the parts nothing."""

Probe = Callable[[], bool]
"""Asks one part; False, or any ApiError or OSError, is a part that is down."""


@dataclass(frozen=True)
class Found:
    """What one look at a part found."""

    state: State
    latency_ms: float

    @property
    def part(self) -> Part:
        """As callers see it."""
        return Part(state=self.state, latency_ms=self.latency_ms)


class Health:
    """Looks at the parts.

    Args:
        probes: part → how it is asked; each is asked by one thread at a time.
        limit_s: longest wait.
        remember_s: how long what was found counts.
        clock: seconds; only differences count.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        limit_s: float = LIMIT_S,
        remember_s: float = REMEMBER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._looks = {name: _Look(name, probe) for name, probe in probes.items()}
        self._limit_s, self._remember_s, self._clock = limit_s, remember_s, clock
        self._found: Mapping[str, Found] = {}
        self._until = float("-inf")

    def ready(self, at: str) -> Ready:
        """Whether callers are served: `ready`, or `degraded` where a part is missed.

        Raises:
            ApiError: `not_ready`, with each part that is missed.
        """
        found = self._look(tuple(self._looks))
        if found[MODEL].state == "down":
            missed = [Detail(name, f"{part.state} after {part.latency_ms:g} ms") for name, part in missing(found)]
            raise ApiError("not_ready", missed, why=", ".join(detail.field for detail in missed))
        return Ready(
            status="degraded" if missing(found) else "ready",
            parts={name: part.part for name, part in found.items()},
            timestamp=at,
        )

    def model(self, at: str) -> ModelReady:
        """That the model answers in time.

        Raises:
            ApiError: `model_unavailable`, with how long it was waited for.
        """
        found = self._look(tuple(self._looks))[MODEL]
        if found.state != "up":
            detail = Detail(MODEL, f"{found.state} after {found.latency_ms:g} ms")
            raise ApiError("model_unavailable", [detail], why=found.state)
        return ModelReady(status="ready", latency_ms=found.latency_ms, timestamp=at)

    def _look(self, names: tuple[str, ...]) -> Mapping[str, Found]:
        now = self._clock()
        if now >= self._until:
            for name in names:
                self._looks[name].begin()
            deadline = time.monotonic() + self._limit_s
            self._found = {name: self._looks[name].end(max(0.0, deadline - time.monotonic())) for name in names}
            self._until = self._clock() + self._remember_s
        return self._found


def missing(found: Mapping[str, Found]) -> list[tuple[str, Found]]:
    """Parts that are not up."""
    return [(name, part) for name, part in found.items() if part.state != "up"]


class _Look:
    """One part, and the thread that asks it."""

    def __init__(self, name: str, probe: Probe) -> None:
        self._name, self._probe = name, probe
        self._thread: threading.Thread | None = None
        self._began, self._result = 0.0, Found("slow", 0.0)

    def begin(self) -> None:
        """Asks, unless the last question is still open."""
        if self._thread is None or not self._thread.is_alive():
            self._began = time.monotonic()
            self._thread = threading.Thread(target=self._ask, name=f"look-{self._name}", daemon=True)
            self._thread.start()

    def end(self, wait_s: float) -> Found:
        """What was found, or that it takes too long."""
        if self._thread is not None:
            self._thread.join(wait_s)
            if not self._thread.is_alive():
                return self._result
        return Found("slow", self._ms())

    def _ask(self) -> None:
        self._result = Found("down", 0.0)
        try:
            state: State = "up" if self._probe() else "down"
        except ApiError as problem:
            state = "slow" if problem.code == "timeout" else "down"
        except OSError:
            state = "down"
        self._result = Found(state, self._ms())

    def _ms(self) -> float:
        return round((time.monotonic() - self._began) * 1000, 1)
