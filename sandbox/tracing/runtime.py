"""The tracing runtime: decides what is sampled, hears the daemon's datagrams, and answers X-Ray's API."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sandbox.events.hooks import Hooks
from sandbox.gateway.chain import Served
from sandbox.gateway.context import Answer, Exchange
from sandbox.lambdas.instance import Record
from sandbox.lambdas.plan import Plan
from sandbox.ledger import Ledger
from sandbox.tracing import operations
from sandbox.tracing.daemon import Daemon
from sandbox.tracing.header import LONGEST, SAMPLED, decided, ids, new_root, root_of, written
from sandbox.tracing.sampling import Sampler, declared
from sandbox.tracing.segments import FUNCTION, STAGE, of_request, of_run
from sandbox.tracing.store import Traces

API: Final = "aws:apigateway/restApi:RestApi"
WAITING: Final = 20_000
"""Sampled requests that wait to be told; the oldest fall out first."""


class Tracing:
    """X-Ray in every region.

    Build it before the functions, whose environment names its daemon; call `install()` before the program runs,
    `attach()` after it, `close()` at the end.
    """

    def __init__(self, directory: Path) -> None:
        """`directory` is unused: nothing is written."""
        self.directory = directory
        self.traces = Traces()
        self._daemon = Daemon(self.traces.add)
        self._sampler = Sampler()
        self._names: dict[str, str] = {}
        self._requests: deque[tuple[Exchange, Answer, float]] = deque(maxlen=WAITING)
        self._hooks = Hooks()

    @property
    def notes(self) -> list[str]:
        """Where this differs from AWS, for the report."""
        return list(NOTES)

    def beside(self, environment: Callable[[], Mapping[str, str]]) -> Callable[[], Mapping[str, str]]:
        """What Lambda tells every function of its daemon, with what else each is told."""
        return lambda: {**environment(), "AWS_XRAY_DAEMON_ADDRESS": self._daemon.address}

    def after(self, counted: Served) -> Served:
        """Tells of a request after it was counted."""

        def served(exchange: Exchange, answer: Answer) -> None:
            counted(exchange, answer)
            self.served(exchange, answer)

        return served

    def install(self) -> None:
        """Takes over moto's X-Ray, which knows segments and not what they make together."""
        from moto.xray.models import XRayBackend
        from moto.xray.responses import XRayResponse

        self._hooks.replace(XRayBackend, "process_segment", operations.taking(self._take))
        for name, operation in operations.on_traces(self.traces, self.drain).items():
            self._hooks.replace(XRayResponse, name, operation)

    def attach(self, ledger: Ledger) -> None:
        """Samples as the stack declares; ValueError for a rule that cannot be followed here."""
        self._names = {api.id: str(api.inputs.get("name") or api.id) for api in ledger.of_type(API)}
        self._sampler = Sampler(declared(ledger))

    def close(self) -> None:
        """Ends the daemon and undoes the hooks."""
        self._hooks.undo()
        self._daemon.close()

    def begin(self, exchange: Exchange) -> str:
        """The header of a request as the gateway hands it on: as its caller decided, else as the rules say."""
        given = exchange.header(b"x-amzn-trace-id") or ""
        root = root_of(given) if len(given) <= LONGEST else ""
        sampled = decided(given) if root else None
        if sampled is None:
            stage = exchange.stage
            service = f"{self._names.get(stage.api.id, stage.api.id)}/{stage.name}"
            sampled = stage.tracing and self._sampler.decide(
                stage.region, service, STAGE, exchange.verb, f"/{stage.name}{exchange.path}"
            )
        parent = ids(exchange.request_id)[1] if sampled else ""
        return written(root or new_root(exchange.began_s), parent, sampled=sampled)

    def called(self, plan: Plan) -> str:
        """The header of a call of a function that nobody traced before."""
        sampled = self._sampler.decide(plan.region, plan.name, FUNCTION)
        return f"Root={new_root(time.time())}{SAMPLED if sampled else ';Sampled=0'}"

    def served(self, exchange: Exchange, answer: Answer) -> None:
        """One request of the gateway; called while its caller waits."""
        if SAMPLED in exchange.trace:
            self._requests.append((exchange, answer, time.perf_counter() - exchange.began))

    def ran(self, records: Sequence[Record]) -> None:
        """Runs of functions that are over."""
        for record in records:
            if SAMPLED in record.trace:
                for segment in of_run(record):
                    self.traces.add(segment, record.instance.plan.region)

    def drain(self) -> None:
        """Tells of the requests that wait."""
        while self._requests:
            exchange, answer, took_s = self._requests.popleft()
            api = exchange.stage.api.id
            self.traces.add(of_request(exchange, answer, took_s, self._names.get(api, api)), exchange.stage.region)

    def _take(self, document: Any, region: str) -> None:
        self.traces.add(json.loads(document), region)


NOTES: Final = (
    "traces: gateway, functions and what these call; state machines and buckets tell none, and no service map is drawn",
    "a trace is whole half a second after its request; the last 2,000 are kept",
)
