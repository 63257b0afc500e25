"""The queues runtime: takes moto's mappings out of the request that sends, and reads the queues beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.events.targets import Arn, queue_url
from sandbox.sources.mappings import Mappings, Runner, SourcesCloud
from sandbox.sources.poller import Poller

FEWEST, MOST = 2, 5
"""Batches of one mapping at once where it names no other number; AWS begins with five."""


class Queues(Mappings):
    """Lambda's event source mappings of SQS queues.

    moto calls the function for each message while it is being sent, and never again when that fails.
    """

    service = "sqs"
    tick_s = 0.2
    notes = ("queues are looked at every 0.2 s, without a batching window, and five batches of one source run at once",)

    def __init__(self, cloud: SourcesCloud, functions: Runner, directory: Path, *, threaded: bool = True) -> None:
        super().__init__(cloud, functions, directory, threaded=threaded)
        self._pollers: dict[str, Poller] = {}

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

    def poll(self) -> int:
        """Gives each function a batch that waits for it, in the caller's thread; how many messages that were."""
        return sum(poller.poll() for poller in list(self._all()))

    def _look(self) -> None:
        for poller in list(self._all()):
            if self._waiting(poller):
                most = int((poller.mapping.scaling_config or {}).get("MaximumConcurrency") or MOST)
                self._employ(poller.mapping, poller.poll, min(max(most, FEWEST), MOST))

    def _waiting(self, poller: Poller) -> bool:
        queue = self._queue(str(poller.mapping.event_source_arn))
        return queue is not None and queue.approximate_number_of_messages > 0

    def _queue(self, arn: str) -> Any:
        from moto.sqs.models import sqs_backends

        _, _, _, region, _, name = arn.split(":", 5)
        return sqs_backends[self._cloud.account][region].queues.get(name)

    def _all(self) -> Iterator[Poller]:
        for region, mapping in self._enabled():
            name = str(mapping.uuid)
            if name not in self._pollers:
                sqs = self._as_function(mapping).client("sqs", region)
                url = queue_url(Arn.parse(str(mapping.event_source_arn)))
                self._pollers[name] = Poller(mapping, sqs, url, self._functions.invoke_sync)
            yield self._pollers[name]
