"""What functions and the gateway log, delivered to the declared log groups in batches, away from the calls."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

from sandbox.cloud import Judge
from sandbox.lambdas.encode import encode
from sandbox.lambdas.instance import Call, Record
from sandbox.lambdas.plan import Plan, ThrottledError
from sandbox.processes.named import name_thread
from sandbox.rights.calls import errands

INTERVAL_S = 0.1
"""Often, since the interpreter belongs to whoever delivers: what has piled up in half a second is heard in answers."""
KEPT = 50_000
"""Events that stay in one stream; the local cloud keeps them in memory."""
WAITING = 50_000
"""Entries that may wait for delivery; more than this machine can deliver is dropped and said."""
FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of an instance's log file, after which it begins anew."""

Event = tuple[int, str]
"""Milliseconds since 1970, and the line."""

logger = logging.getLogger(__name__)


class Watcher(Protocol):
    """Counts what functions do; called away from the calls, but for a call that is turned away."""

    def invoked(self, records: Sequence[Record]) -> None:
        """Calls that are over."""

    def throttled(self, plan: Plan) -> None:
        """A call that found no instance free."""


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
        self._last: dict[tuple[str, str, str], int] = {}
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
            batches: dict[tuple[str, str, str], list[Event]] = {}
            records = [self._records.popleft() for _ in range(len(self._records))]
            if self.watcher is not None:
                self.watcher.invoked(records)
            if self.tracer is not None:
                self.tracer.ran([record for record in records if self._may(record, trace=True)])
            for record in records:
                plan = record.instance.plan
                key = (plan.region, plan.log_group, record.instance.stream)
                if self._may(record, trace=False):
                    batches.setdefault(key, []).extend(events(record))
            for instance, count in Counter(record.instance for record in records).items():
                instance.loop.call_soon_threadsafe(instance.delivered, count, FILE_LIMIT)
            for _ in range(len(self._lines)):
                region, group, stream, moment_ms, line = self._lines.popleft()
                batches.setdefault((region, group, stream), []).append((moment_ms, line))
            for key, batch in batches.items():
                self._deliver(key, batch)
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

    def _deliver(self, key: tuple[str, str, str], batch: list[Event]) -> None:
        from moto.logs.models import logs_backends

        region, group, stream = key
        backend = logs_backends[self._account][region]
        backend.ensure_log_group(group)
        streams = backend.groups[group].streams
        if stream not in streams:
            backend.create_log_stream(group, stream)
        last = self._last.get(key, 0)
        lines = []
        for moment, line in sorted(batch, key=lambda event: event[0]):
            last = max(last, moment)
            lines.append({"timestamp": last, "message": line})
        self._last[key] = last
        backend.put_log_events(group, stream, lines)
        kept: list[Any] = streams[stream].events
        if len(kept) > KEPT:
            del kept[:-KEPT]
        # moto remembers every object that it ever made, for a page that nobody opens.
        type(kept[0]).instances_tracked.clear()


def events(record: Record) -> list[Event]:
    """All lines of one invocation, in Lambda's format, text or JSON as declared."""
    instance = record.instance
    before, after = (_json if instance.plan.json_logs else _text)(record)
    printed = instance.read_log(record.log_from, record.log_to).decode(errors="replace").split("\n")
    lines = [line for line in (*printed, record.message) if line]
    return [(record.began_ms, before), *((record.ended_ms, line) for line in (*lines, *after))]


def _text(record: Record) -> tuple[str, list[str]]:
    instance, request = record.instance, record.request_id
    cold = f"\tInit Duration: {instance.init_ms:.2f} ms" if record.first else ""
    status = {"success": "", "error": "\tStatus: error", "timeout": "\tStatus: timeout"}[record.status]
    report = (
        f"REPORT RequestId: {request}\tDuration: {record.duration_ms:.2f} ms\tBilled Duration: {_billed(record)} ms\t"
        f"Memory Size: {instance.plan.memory_mb} MB\tMax Memory Used: {instance.memory_mb} MB{cold}{status}"
    )
    return f"START RequestId: {request} Version: {instance.version}", [f"END RequestId: {request}", report]


def _json(record: Record) -> tuple[str, list[str]]:
    instance = record.instance
    metrics: dict[str, float] = {
        "durationMs": round(record.duration_ms, 3),
        "billedDurationMs": _billed(record),
        "memorySizeMB": instance.plan.memory_mb,
        "maxMemoryUsedMB": instance.memory_mb,
    }
    if record.first:
        metrics["initDurationMs"] = round(instance.init_ms, 3)
    start = {"requestId": record.request_id, "version": instance.version}
    report = {"requestId": record.request_id, "metrics": metrics, "status": record.status}
    return _platform("start", record.began_ms, start), [_platform("report", record.ended_ms, report)]


def _billed(record: Record) -> int:
    """Whole milliseconds, the start of a new instance included."""
    return math.ceil(record.duration_ms + (record.instance.init_ms if record.first else 0.0))


def _platform(kind: str, moment_ms: int, record: dict[str, Any]) -> str:
    seconds, rest = divmod(moment_ms, 1000)
    return encode({"time": f"{_second(seconds)}.{rest:03d}Z", "type": f"platform.{kind}", "record": record}).decode()


@lru_cache(maxsize=16)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
