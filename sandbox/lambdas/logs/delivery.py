"""Collects what functions and the gateway log, and delivers it to the declared log groups from a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Protocol

from sandbox.cloud import Judge
from sandbox.lambdas.instance import Call, Record
from sandbox.lambdas.logs.lines import Event, events, read
from sandbox.lambdas.plan import Plan, ThrottledError
from sandbox.processes.named import name_thread
from sandbox.rights.calls import errands

INTERVAL_S = 0.1
"""Often, since the interpreter belongs to whoever delivers: what has piled up in half a second is heard in answers."""
WAITING = 50_000
"""Entries that may wait for delivery; more than this machine can deliver is dropped and said."""
FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of an instance's log file, after which it begins anew."""

_Place = tuple[str, str, str]
"""Region, log group and stream."""

logger = logging.getLogger(__name__)


class Watcher(Protocol):
    """Counts what functions do; called away from the calls, but for a call that is turned away."""

    def invoked(self, records: Sequence[Record]) -> None:
        """Calls that are over."""

    def throttled(self, plan: Plan) -> None:
        """A call that found no instance free."""

    def printed(self, region: str, lines: Iterable[str]) -> None:
        """Lines of log groups that have no filters: metrics may ride on them."""


class Tracer(Protocol):
    """Tells X-Ray of runs (sandbox.tracing.runtime.Tracing)."""

    def called(self, plan: Plan) -> str:
        """The header of a call that nobody traced before."""

    def ran(self, records: Sequence[Record]) -> None:
        """Runs that are over."""


class LogsCloud(Protocol):
    """What the delivery needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def judge(self) -> Judge:
        """Says why IAM refuses something."""


class Logs:
    """Collects entries from the event loop and delivers them from a thread of its own."""

    def __init__(self, cloud: LogsCloud) -> None:
        self._account = cloud.account
        self._cloud = cloud
        self._allowed: dict[tuple[str, bool], bool] = {}
        """Whether the role of an instance lets Lambda log (False) and trace (True) it, by the name of its stream."""
        self.watcher: Watcher | None = None
        self.tracer: Tracer | None = None
        self._records: deque[Record] = deque()
        self._lines: deque[tuple[str, str, str, int, str]] = deque()
        self._dropped = 0
        self._stop = threading.Event()
        self._flushing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._thread.start()

    def record(self, record: Record) -> None:
        """Takes one finished invocation."""
        if len(self._records) < WAITING:
            self._records.append(record)
        else:
            self._dropped += 1

    def counted(self, plan: Plan, call: Call, submit: Callable[[Call], None]) -> None:
        """Submits a call, and counts one that is turned away; one that nobody traced before begins a trace."""
        if not call.trace and self.tracer is not None:
            call.trace = self.tracer.called(plan)
        try:
            submit(call)
        except ThrottledError:
            if self.watcher is not None:
                self.watcher.throttled(plan)
            raise

    def write(self, region: str, group: str, stream: str, moment_ms: int, line: str) -> None:
        """Takes one line for any log group."""
        if len(self._lines) < WAITING:
            self._lines.append((region, group, stream, moment_ms, line))
        else:
            self._dropped += 1

    def flush(self) -> None:
        """Delivers all that was taken so far."""
        with self._flushing:
            records = [self._records.popleft() for _ in range(len(self._records))]
            if self.watcher is not None:
                self.watcher.invoked(records)
            if self.tracer is not None:
                self.tracer.ran([record for record in records if self._may(record, trace=True)])
            runs: dict[_Place, list[Record]] = {}
            for record in records:
                if self._may(record, trace=False):
                    read(record)
                    plan = record.instance.plan
                    runs.setdefault((plan.region, plan.log_group, record.instance.stream), []).append(record)
            for instance, count in Counter(record.instance for record in records).items():
                instance.loop.call_soon_threadsafe(instance.delivered, count, FILE_LIMIT)
            for place, some in runs.items():
                printed = [line for run in some for line in run.lines]
                self._deliver(place, printed, len(printed) + 3 * len(some), partial(_written, some))
            lines: dict[_Place, list[Event]] = {}
            for _ in range(len(self._lines)):
                region, group, stream, moment_ms, line = self._lines.popleft()
                lines.setdefault((region, group, stream), []).append((moment_ms, line))
            for place, batch in lines.items():
                self._deliver(place, (line for _, line in batch), len(batch), partial(list, batch))
            if self._dropped:
                logger.warning("%d log events dropped: they came faster than they could be delivered", self._dropped)
                self._dropped = 0

    def close(self) -> None:
        """Delivers the rest and ends the thread."""
        self._stop.set()
        self._thread.join(5)
        self.flush()

    def _may(self, record: Record, *, trace: bool) -> bool:
        """Whether the role lets Lambda log or trace an instance; asked once an instance."""
        plan, stream = record.instance.plan, record.instance.stream
        known = self._allowed.get((stream, trace))
        if known is None:
            wanted = errands.tracing(plan) if trace else errands.logging(plan, stream)
            problem = errands.refused(plan, self._cloud.judge, wanted)
            if problem:
                logger.warning("function %s: %s", plan.name, problem)
            known = self._allowed[stream, trace] = not problem
        return known

    def _run(self) -> None:
        name_thread(self._thread.name)
        while not self._stop.wait(INTERVAL_S):
            self._try()

    def _try(self) -> None:
        try:
            self.flush()
        except Exception:
            # One batch that cannot be delivered must not end the delivery of all later ones.
            logger.exception("log events could not be delivered")

    def _deliver(self, place: _Place, printed: Iterable[str], count: int, write: Callable[[], Iterable[Event]]) -> None:
        """Hands lines over; where no filter waits for them, they are written by `write` when somebody reads them."""
        from moto.logs.models import logs_backends

        from sandbox.lambdas.logs.streams import forget, stream_of

        region, group, name = place
        backend = logs_backends[self._account][region]
        backend.ensure_log_group(group)
        stream = stream_of(backend.groups[group], name)
        if backend.groups[group].subscription_filters or backend.filters.get_matching_filters(log_group_name=group):
            backend.put_log_events(group, name, stream.in_order(write()))
            forget()
            return
        stream.add(count, write)
        if self.watcher is not None:
            self.watcher.printed(region, printed)


def _written(records: Iterable[Record]) -> Iterable[Event]:
    return chain.from_iterable(map(events, records))
