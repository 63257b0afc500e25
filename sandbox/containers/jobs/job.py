"""The life of one job: a thread that prepares a folder, runs a process, brings results away and tells how it went."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.containers.context import Context, os_error_text
from sandbox.containers.logs import LogShipper, Metrics
from sandbox.containers.opt_ml import OptMl
from sandbox.containers.storage import JobError, Storage
from sandbox.processes import Process

LOOK_S = 0.1
"""How often a running job is looked at."""

REASON_LENGTH = 1024
"""SageMaker cuts FailureReason here."""


@dataclass(frozen=True)
class Command:
    """What a job runs."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


@dataclass(frozen=True)
class Outcome:
    """How the process ended."""

    code: int
    stopped: bool
    overtime: bool


class Job(ABC):
    """A job with a life of its own. `record` is moto's object, which Describe and List read."""

    def __init__(self, context: Context, region: str, name: str, request: Mapping[str, Any], record: Any) -> None:
        self.context = context
        self.region = region
        self.name = name
        self.request = request
        self.record = record
        self.cloud = context.in_role(self.role, region)
        self.storage = Storage(self.cloud.client("s3"))
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job-{name}", daemon=True)

    @property
    def role(self) -> str:
        """ARN of the role in which the job reads, writes and logs."""
        return str(self.request.get("RoleArn") or "")

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the job to end; it does in bounded time, in the state `Stopped`."""
        self.stopping.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Waits for the end; false when it still runs after the time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """Whether the job has not ended."""
        return self._thread.is_alive()

    @abstractmethod
    def work(self, directory: Path) -> Callable[[], None]:
        """Does everything while it holds one of the places for jobs, and gives what tells of the end.

        Raises:
            JobError: it cannot go on.
        """

    @abstractmethod
    def ended(self, status: str, *, reason: str = "", overtime: bool = False) -> None:
        """Writes `Completed`, `Failed` or `Stopped` into the record and announces it."""

    def failed(self, reason: str) -> Callable[[], None]:
        """What tells of a bad end."""
        return lambda: self.ended("Failed", reason=reason[:REASON_LENGTH])

    def _run(self) -> None:
        directory = self.context.directory / "jobs" / self.region / self.name
        ending = self.failed("InternalServerError: the sandbox failed to run the job; its output has the cause")
        try:
            ending = self._in_turn(directory)
        except JobError as error:
            ending = self.failed(str(error))
        except OSError as error:
            ending = self.failed(os_error_text(error, directory))
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            # Of an error that is a fault of this code the thread reports the cause; the job must not hang.
            ending()

    def _in_turn(self, directory: Path) -> Callable[[], None]:
        while not self.context.slots.acquire(timeout=LOOK_S):
            if self.stopping.is_set():
                return lambda: self.ended("Stopped")
        try:
            return self.work(directory)
        finally:
            self.context.slots.release()


class ProcessJob(Job):
    """A training or processing job: one process over a folder."""

    GROUP: str
    """The log group."""

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self.metrics: Metrics | None = None

    @abstractmethod
    def prepare(self, place: OptMl) -> Command:
        """Brings the inputs and says what to run."""

    @abstractmethod
    def collect(self, place: OptMl) -> None:
        """Brings the results away."""

    @abstractmethod
    def meanwhile(self, place: OptMl) -> None:
        """Called about once a second while the process runs."""

    @abstractmethod
    def failure(self, place: OptMl, process: Process, code: int) -> str:
        """The FailureReason of a process that ended with an error."""

    @property
    def max_runtime_s(self) -> float:
        """How long the process may run."""
        return float((self.request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", 86_400))

    def work(self, directory: Path) -> Callable[[], None]:
        """See `Job.work`."""
        place = OptMl(directory)
        command = self.prepare(place)
        if self.stopping.is_set():
            return lambda: self.ended("Stopped")
        process, outcome = self._execute(place, command)
        if outcome.code != 0 and not outcome.stopped:
            return self.failed(self.failure(place, process, outcome.code))
        self.collect(place)
        status = "Stopped" if outcome.stopped else "Completed"
        return lambda: self.ended(status, overtime=outcome.overtime)

    def _execute(self, place: OptMl, command: Command) -> tuple[Process, Outcome]:
        stream = f"{self.name}/algo-1-{int(time.time())}"
        logs = self.cloud.client("logs")
        # Jobs of one name may run in two regions.
        name = f"{self.region}-{self.name}"
        log = self.context.processes.directory / f"{name}.log"
        shipper = LogShipper(logs, self.GROUP, stream, log, self.metrics)
        try:
            process = self.context.processes.start(
                name, command.arguments, environment=command.environment, directory=command.directory
            )
            return process, self._watch(place, process)
        except (FileNotFoundError, PermissionError) as error:
            raise JobError(f"AlgorithmError: cannot start {command.arguments[0]!r}: {error.strerror}") from error
        except RuntimeError as error:
            raise JobError(f"InternalServerError: {error}") from error
        finally:
            shipper.close()

    def _watch(self, place: OptMl, process: Process) -> Outcome:
        began = looked = time.monotonic()
        asked: float | None = None
        overtime = False
        try:
            while process.wait(LOOK_S) is None:
                now = time.monotonic()
                if asked is None and now - began >= self.max_runtime_s:
                    overtime = True
                    self.stopping.set()
                if asked is None and self.stopping.is_set():
                    asked = now
                    process.signal(signal.SIGTERM)
                elif asked is not None and now - asked >= self.context.grace_s:
                    process.kill()
                if now - looked >= 1.0:
                    looked = now
                    self.meanwhile(place)
        finally:
            process.close(0.5)
        code = process.returncode
        return Outcome(-signal.SIGKILL if code is None else code, asked is not None or self.stopping.is_set(), overtime)


def exit_code(code: int) -> int:
    """The exit status as a shell and SageMaker give it: 137 for a process that SIGKILL ended."""
    return 128 - code if code < 0 else code


def ending_of(code: int) -> str:
    """What an exit status says beyond its number, empty for an ordinary one."""
    if code >= 0:
        return ""
    name = signal.Signals(-code).name
    hint = "; it may have run out of memory" if name == "SIGKILL" else ""
    return f"the process was ended by {name}{hint}"


def last_lines(text: str, limit: int = 600) -> str:
    """The end of a log, cut at the beginning of a line."""
    text = text.strip()
    return text if len(text) <= limit else text[-limit:].partition("\n")[2]
