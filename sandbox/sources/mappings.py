"""What reading for event source mappings has in common, whatever they read: looks, workers, regions that are lost."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sandbox.cloud import Judge
from sandbox.events.hooks import Hooks, inner
from sandbox.events.targets import Clients
from sandbox.lambdas import Invocation

LOG = logging.getLogger(__name__)


class SourcesCloud(Protocol):
    """What reading needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    @property
    def lock(self) -> Any:
        """Held by every write to a table."""

    @property
    def judge(self) -> Judge:
        """Says why IAM refuses something."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""

    def in_role(self, arn: str, session: str, region: str | None = None) -> Clients:
        """The services as a role may use them."""


class Runner(Protocol):
    """Runs functions; `Functions` implements it."""

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Invocation:
        """Calls a function and waits."""


class Mappings(ABC):
    """The event source mappings of one service, in every region.

    moto calls functions inside the request that writes. Build this with the cloud, the functions and a directory
    (unused: nothing is written), call `install()` before the program runs, `attach()` after it, `close()` at the end.
    """

    service: ClassVar[str]
    """As in the ARNs of its sources."""
    tick_s: ClassVar[float]
    """Between two looks."""
    notes: tuple[str, ...] = ()
    """Where this differs from AWS, for the report."""

    def __init__(self, cloud: SourcesCloud, functions: Runner, directory: Path, *, threaded: bool = True) -> None:
        self.directory = directory
        self._cloud, self._functions, self._threaded = cloud, functions, threaded
        self._hooks = Hooks()
        self._lost: set[str] = set()
        self._stop = threading.Event()
        self._workers: dict[str, list[threading.Thread]] = {}
        self._watch = threading.Thread(target=self._run, name=f"mappings {self.service}", daemon=True)

    @abstractmethod
    def install(self) -> None:
        """Keeps moto from calling functions itself."""

    @abstractmethod
    def _look(self) -> None:
        """Employs workers for what waits."""

    def attach(self, ledger: object) -> None:
        """Begins to read; the mappings are those that exist at each look."""
        del ledger
        if self._threaded:
            self._watch.start()

    def close(self) -> None:
        """Ends the threads, except those whose function still runs, and undoes the hook."""
        self._stop.set()
        for thread in (self._watch, *(one for several in self._workers.values() for one in several)):
            if thread.is_alive():
                thread.join(2)
        self._hooks.undo()

    def lose(self, region: str) -> None:
        """Reads nothing of a region."""
        self._lost.add(region)

    def recover(self, region: str) -> None:
        """Goes on with a region where it stood."""
        self._lost.discard(region)

    def _run(self) -> None:
        while not self._stop.wait(self.tick_s):
            self._look()

    def _employ(self, mapping: Any, step: Callable[[], object], most: int) -> None:
        """One more worker for a mapping unless it has as many as it may; it steps until a step gives nothing."""
        name = str(mapping.uuid)
        alive = [thread for thread in self._workers.get(name, []) if thread.is_alive()]
        if len(alive) < most:
            thread = threading.Thread(
                target=self._work, args=(mapping, step), name=f"{self.service} {name}", daemon=True
            )
            thread.start()
            alive.append(thread)
        self._workers[name] = alive

    def _work(self, mapping: Any, step: Callable[[], object]) -> None:
        try:
            while not self._stop.is_set() and step():
                pass
        except Exception:
            # The next look tries the same again; the other mappings are not touched by it.
            LOG.exception("%s could not be read", mapping.event_source_arn)

    def _role(self, mapping: Any) -> str:
        """ARN of the role in which Lambda reads a source: that of its function."""
        from moto.awslambda.models import lambda_backends

        region, name = str(mapping.event_source_arn).split(":")[3], str(mapping.function_arn).split(":")[6]
        return str(lambda_backends[self._cloud.account][region].get_function(name).role)

    def _as_function(self, mapping: Any) -> Clients:
        """The services as Lambda uses them for a mapping."""
        return self._cloud.in_role(self._role(mapping), str(mapping.function_arn).split(":")[6])

    def _enabled(self) -> Iterator[tuple[str, Any]]:
        """Region and mapping of each source that is to be read."""
        from moto.awslambda.models import lambda_backends

        for region, backend in list(lambda_backends[self._cloud.account].items()):
            if region in self._lost:
                continue
            for mapping in list(inner(backend, "_event_source_mappings").values()):
                if mapping.enabled and f":{self.service}:" in str(mapping.event_source_arn):
                    yield region, mapping
