"""The queues runtime: takes moto's mappings out of the request that sends, and reads the queues beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.events.hooks import Hooks, inner
from sandbox.lambdas import Invocation
from sandbox.queues.poller import Poller

LOG = logging.getLogger(__name__)
TICK_S = 0.2
FEWEST, MOST = 2, 5
"""Batches of one mapping at once where it names no other number; AWS begins with five."""

NOTES = ("queues are looked at every 0.2 s, without a batching window, and five batches of one source run at once",)
"""Where this differs from AWS, for the report."""


class QueuesCloud(Protocol):
    """What this runtime needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""


class Runner(Protocol):
    """Runs functions; `Functions` implements it."""

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Invocation:
        """Calls a function and waits."""


class Queues:
    """Lambda's event source mappings of SQS queues, in every region.

    moto calls the function for each message while it is being sent, and never again when that fails. Build this with
    the cloud, the functions and a directory (unused: nothing is written), call `install()` before the program runs,
    `attach()` after it, `close()` at the end.
    """

    def __init__(self, cloud: QueuesCloud, functions: Runner, directory: Path, *, threaded: bool = True) -> None:
        self.directory = directory
        self.notes = NOTES
        self._cloud, self._functions, self._threaded = cloud, functions, threaded
        self._hooks = Hooks()
        self._pollers: dict[str, Poller] = {}
        self._lost: set[str] = set()
        self._stop = threading.Event()
        self._workers: dict[str, list[threading.Thread]] = {}
        self._watch = threading.Thread(target=self._run, name="queues", daemon=True)

    def install(self) -> None:
        """Keeps moto from calling functions itself: a queue knows of no mapping."""
        from moto.awslambda.models import LambdaBackend

        original = LambdaBackend.create_event_source_mapping

        def create(backend: Any, spec: dict[str, Any]) -> Any:
            from moto.sqs.models import sqs_backends

            made = original(backend, spec)
            for queue in sqs_backends[backend.account_id][backend.region_name].queues.values():
                queue.lambda_event_source_mappings.clear()
            return made

        self._hooks.replace(LambdaBackend, "create_event_source_mapping", create)

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
        """Reads no queue of a region."""
        self._lost.add(region)

    def recover(self, region: str) -> None:
        """Goes on with a region."""
        self._lost.discard(region)

    def poll(self) -> int:
        """Gives each function a batch that waits for it, in the caller's thread; how many messages that were."""
        return sum(poller.poll() for poller in list(self._enabled()))

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            for poller in list(self._enabled()):
                self._employ(poller)

    def _employ(self, poller: Poller) -> None:
        """One more worker for a mapping whose queue holds something, up to the declared number."""
        name = str(poller.mapping.uuid)
        alive = [thread for thread in self._workers.get(name, []) if thread.is_alive()]
        most = int((poller.mapping.scaling_config or {}).get("MaximumConcurrency") or MOST)
        if len(alive) < min(max(most, FEWEST), MOST) and self._waiting(poller):
            thread = threading.Thread(target=self._work, args=(poller,), name=f"queue {name}", daemon=True)
            thread.start()
            alive.append(thread)
        self._workers[name] = alive

    def _work(self, poller: Poller) -> None:
        try:
            while not self._stop.is_set() and poller.poll():
                pass
        except (ClientError, BotoCoreError) as error:
            # The next look tries again; what was received meanwhile comes back by its visibility timeout.
            LOG.warning("queue %s could not be read: %s", poller.mapping.event_source_arn, error)

    def _waiting(self, poller: Poller) -> bool:
        queue = self._queue(str(poller.mapping.event_source_arn))
        return queue is not None and queue.approximate_number_of_messages > 0

    def _queue(self, arn: str) -> Any:
        from moto.sqs.models import sqs_backends

        _, _, _, region, _, name = arn.split(":", 5)
        return sqs_backends[self._cloud.account][region].queues.get(name)

    def _enabled(self) -> Iterator[Poller]:
        from moto.awslambda.models import lambda_backends

        for region, backend in list(lambda_backends[self._cloud.account].items()):
            if region in self._lost:
                continue
            for mapping in list(inner(backend, "_event_source_mappings").values()):
                if mapping.enabled and ":sqs:" in str(mapping.event_source_arn):
                    yield self._poller(region, mapping)

    def _poller(self, region: str, mapping: Any) -> Poller:
        name = str(mapping.uuid)
        if name not in self._pollers:
            sqs = self._cloud.client("sqs", region)
            url = sqs.get_queue_url(QueueName=str(mapping.event_source_arn).rsplit(":", 1)[1])["QueueUrl"]
            self._pollers[name] = Poller(mapping, sqs, url, self._functions.invoke_sync)
        return self._pollers[name]
