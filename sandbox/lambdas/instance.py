"""One function instance: a process with AWS's runtime client, and the invocation that it works on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sandbox.lambdas.loop import Deadlines
from sandbox.lambdas.plan import Plan
from sandbox.lambdas.runtime_api import RuntimeApi
from sandbox.processes import Process
from sandbox.tracing.header import handed

MAX_PAYLOAD = 6_291_556
"""Bytes that Lambda takes and gives in one synchronous call."""
INIT_S = 10.0
"""How long Lambda lets a function import itself."""


@dataclass(frozen=True)
class Invocation:
    """What came of one call."""

    payload: bytes
    """The handler's answer as JSON, or the error as Lambda words it."""
    error: str | None
    """`Unhandled` when the function failed, as in Lambda's `X-Amz-Function-Error`."""
    log: str
    """The end of what it printed, at most 4 KB; filled for errors and when it was asked for."""
    duration_ms: float
    version: str = "$LATEST"
    request_id: str = ""


@dataclass
class Call:
    """One call on its way through an instance."""

    request_id: str
    arn: str
    payload: bytes
    trace: str
    done: asyncio.Future[Invocation]
    tail: bool = False
    deadline: int = 0
    began: float = 0.0
    began_ms: int = 0
    log_from: int = 0


@dataclass
class Record:
    """What the log tells about one invocation."""

    instance: Instance
    request_id: str
    began_ms: int
    ended_ms: int
    duration_ms: float
    log_from: int
    log_to: int
    status: str = "success"
    """success, error or timeout."""
    message: str = ""
    """A line of Lambda's own, such as the one about a timeout."""
    first: bool = False
    trace: str = ""
    """X-Ray's header, as the caller handed it on."""
    lines: list[str] = field(default_factory=list)
    """What was printed, once it is delivered."""
    memory_mb: int = 0
    """What the instance held at most so far, once it is delivered."""


class Owner(Protocol):
    """The pool that an instance belongs to."""

    def idle(self, instance: Instance) -> None:
        """It waits for work."""

    def ended(self, instance: Instance, error: bytes) -> None:
        """It is gone; `error` tells why when it never became ready, and is empty otherwise."""

    def record(self, record: Record) -> None:
        """An invocation is over and can be logged."""


@dataclass(eq=False)
class Instance:
    """One process of a function. All methods run on the event loop."""

    plan: Plan
    version: str
    stream: str
    owner: Owner
    loop: asyncio.AbstractEventLoop
    deadlines: Deadlines
    server: asyncio.Server | None = None
    process: Process | None = None
    ready: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is gone and its call is answered."""
    current: Call | None = None
    init_error: bytes = b""
    init_ms: float = 0.0
    memory_mb: int = 0
    over_memory: bool = False
    _began: float = field(default_factory=time.perf_counter)
    _api: RuntimeApi | None = None
    _log: int = -1
    _log_end: int = 0
    _reported: bool = False
    _unlogged: int = 0
    _timer: asyncio.TimerHandle | None = None

    def started(self, process: Process, log: Path) -> None:
        """The process runs; it must become ready within the time that Lambda gives it."""
        self.process = process
        self._log = os.open(log, os.O_RDWR)
        limit_s = max(INIT_S, self.plan.timeout_s)
        self._timer = self.loop.call_later(limit_s, self._init_timed_out, limit_s)

    def run(self, call: Call) -> bool:
        """Gives the waiting runtime its next invocation; False when its process has just ended."""
        api, self._api = self._api, None
        call.began = time.perf_counter()
        call.began_ms = int(time.time() * 1000)
        call.log_from = self._log_end
        deadline = call.began_ms + int(self.plan.timeout_s * 1000)
        trace = handed(call.trace, call.request_id)
        head = (
            f"Lambda-Runtime-Aws-Request-Id: {call.request_id}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {call.arn}\r\nLambda-Runtime-Trace-Id: {trace}\r\n"
        )
        if api is None or not api.send(head.encode(), call.payload):
            return False
        self.current = call
        call.deadline = self.deadlines.add(self.plan.timeout_s, lambda: self._timed_out(call))
        return True

    def wants(self, api: RuntimeApi) -> None:
        """The runtime asks for work; what a process sent before it was killed may come after its end was noticed."""
        if self.closed.is_set():
            return
        self._api = api
        if not self.ready:
            self.ready = True
            self.init_ms = (time.perf_counter() - self._began) * 1000
            self._cancel_init_timer()
        if self.current is None:
            self.owner.idle(self)

    def works_on(self, request_id: str) -> bool:
        """Whether this is its call."""
        return self.current is not None and self.current.request_id == request_id

    def answered(self, body: bytes) -> None:
        """The handler's answer."""
        if len(body) > MAX_PAYLOAD:
            text = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
            self._finish(error("Function.ResponseSizeTooLarge", text), "error")
        else:
            self._finish(body, "success")

    def failed(self, body: bytes) -> None:
        """The handler's exception."""
        self._finish(body, "error")

    def init_failed(self, body: bytes) -> None:
        """The handler could not be loaded; the runtime ends itself after telling so."""
        self.init_error = body

    def exited(self, status: int | None) -> None:
        """The process is gone, for whatever reason; the call that it had is answered as Lambda does."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._cancel_init_timer()
        if self.server is not None:
            self.server.close()
        call = self.current
        why = _why(status)
        if call is not None:
            message = f"RequestId: {call.request_id} Error: {why}"
            self._finish(error("Runtime.ExitError", message), "error", message)
        never = b"" if self.ready else self.init_error or error("Runtime.ExitError", why)
        self.owner.ended(self, never)
        if not self._unlogged:
            self.forget()

    def kill(self) -> None:
        """Ends the process; its exit is noticed by `exited`."""
        if self.process is not None:
            self.process.kill()

    def read_log(self, start: int, stop: int) -> bytes:
        """A part of what the process printed."""
        return os.pread(self._log, stop - start, start) if self._log >= 0 else b""

    def delivered(self, count: int, limit: int) -> None:
        """So many records were logged. When none is left, a file above the limit begins anew; a dead one is closed."""
        self._unlogged -= count
        if self._unlogged or self.current is not None:
            return
        if self.closed.is_set():
            self.forget()
        elif self._log_end > limit:
            os.ftruncate(self._log, 0)
            self._log_end = 0

    def forget(self) -> None:
        """Closes the log file."""
        if self._log >= 0:
            os.close(self._log)
            self._log = -1

    def _finish(self, payload: bytes, status: str, message: str = "") -> None:
        """Ends the running call."""
        call, self.current = self.current, None
        if call is None:
            return
        self.deadlines.remove(call.deadline)
        duration = (time.perf_counter() - call.began) * 1000
        self._log_end = os.fstat(self._log).st_size
        first, self._reported = not self._reported, True
        ended_ms = int(time.time() * 1000)
        self._unlogged += 1
        self.owner.record(
            Record(
                self,
                call.request_id,
                call.began_ms,
                ended_ms,
                duration,
                call.log_from,
                self._log_end,
                status,
                message,
                first,
                call.trace,
            )
        )
        if not call.done.done():
            log = ""
            if call.tail or status != "success":
                start = max(call.log_from, self._log_end - 4096)
                log = self.read_log(start, self._log_end).decode(errors="replace")
            failed = None if status == "success" else "Unhandled"
            call.done.set_result(Invocation(payload, failed, log, duration, self.version, call.request_id))

    def _timed_out(self, call: Call) -> None:
        if self.current is call:
            text = f"Task timed out after {self.plan.timeout_s:.2f} seconds"
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{int(time.time() * 1000) % 1000:03d}Z"
            body = error("Sandbox.Timedout", f"RequestId: {call.request_id} Error: {text}")
            self._finish(body, "timeout", f"{moment} {call.request_id} {text}")
            self.kill()

    def _init_timed_out(self, limit_s: float) -> None:
        self.init_error = error("Sandbox.Timedout", f"Error: Task timed out after {limit_s:.2f} seconds")
        self.kill()

    def _cancel_init_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def new_id() -> str:
    """A request id. It has to be different from others, not to be unknown to anybody."""
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def error(kind: str, message: str) -> bytes:
    """An error of Lambda's own as a payload."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _why(status: int | None) -> str:
    if status is None or status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        names = {-9: "killed", -11: "segmentation fault", -6: "aborted", -15: "terminated"}
        return f"Runtime exited with error: signal: {names.get(status, -status)}"
    return f"Runtime exited with error: exit status {status}"
