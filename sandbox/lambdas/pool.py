"""The instances of one function version: started on demand, reused, never more than the machine bears."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sandbox.lambdas.instance import Call, Instance, Invocation, Record
from sandbox.lambdas.plan import FunctionError, Plan, ThrottledError

MAX_WAITING = 1000
"""Lambda's concurrency of a whole account by default."""


class Starter(Protocol):
    """Starts processes and takes the log; `Functions` implements it."""

    def launch(self, pool: Pool) -> Instance:
        """Starts one more instance; OSError or ValueError when it cannot."""

    def record(self, record: Record) -> None:
        """Keeps what is to be logged."""


class Pool:
    """Gives calls to idle instances, newest first, so that few are warm and the rest may rest."""

    def __init__(self, plan: Plan, version: str, starter: Starter, limit: int) -> None:
        self.plan = plan
        self.version = version
        self.instances: set[Instance] = set()
        self._starter = starter
        self._limit = limit if plan.reserved is None else max(1, min(limit, plan.reserved))
        self._idle: list[Instance] = []
        self._waiting: deque[Call] = deque()
        self._running = 0

    def submit(self, call: Call) -> None:
        """Starts a call now, or as soon as an instance is free.

        Raises:
            ThrottledError: the reserved concurrency is in use.
            ValueError: the function cannot be started on this machine.
        """
        allowed = MAX_WAITING if self.plan.reserved is None else self.plan.reserved
        if self._running + len(self._waiting) >= allowed:
            raise ThrottledError("Rate Exceeded.")
        while self._idle:
            if self._give(self._idle.pop(), call):
                return
        self._waiting.append(call)
        try:
            self._grow()
        except (OSError, ValueError):
            self._waiting.remove(call)
            raise

    def warm(self) -> None:
        """Starts a first instance ahead of the first call."""
        # Why a function cannot be started is for its first caller to hear; that the sandbox ends, for nobody.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if not self.instances:
                self.instances.add(self._starter.launch(self))

    def end(self, chosen: Callable[[Plan, int], bool]) -> None:
        """Ends the instances that are chosen by their number, in the order in which they started."""
        for number, instance in enumerate(
            sorted(self.instances, key=lambda one: one.process.pid if one.process else 0)
        ):
            if chosen(self.plan, number):
                instance.kill()

    def idle(self, instance: Instance) -> None:
        """An instance is free: it takes who waits longest."""
        while self._waiting:
            call = self._waiting.popleft()
            if not call.done.done():
                if not self._give(instance, call):
                    self._waiting.appendleft(call)
                return
        self._idle.append(instance)

    def ended(self, instance: Instance, error: bytes) -> None:
        """An instance is gone; one that never became ready answers one waiting call with its error."""
        self.instances.discard(instance)
        if instance in self._idle:
            self._idle.remove(instance)
        if error and self._waiting:
            call = self._waiting.popleft()
            if not call.done.done():
                log = instance.read_log(0, 4096).decode(errors="replace")
                call.done.set_result(Invocation(error, "Unhandled", log, 0.0, self.version, call.request_id))
        try:
            self._grow()
        except (OSError, ValueError, RuntimeError) as problem:
            self.fail(FunctionError(f"function {self.plan.name} cannot be started: {problem}"))

    def record(self, record: Record) -> None:
        """Counts a finished call and hands on what is to be logged."""
        self._running -= 1
        self._starter.record(record)

    def fail(self, error: Exception) -> None:
        """Answers every call that still waits."""
        while self._waiting:
            call = self._waiting.popleft()
            if not call.done.done():
                call.done.set_exception(error)

    def _give(self, instance: Instance, call: Call) -> bool:
        if not instance.run(call):
            return False
        self._running += 1
        return True

    def _grow(self) -> None:
        """Starts instances for calls that nobody is on the way for."""
        starting = sum(not instance.ready for instance in self.instances)
        while starting < len(self._waiting) and len(self.instances) < self._limit:
            self.instances.add(self._starter.launch(self))
            starting += 1
