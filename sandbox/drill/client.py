"""A client that keeps writing while a drill goes on, and keeps its own list of what was acknowledged."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from sandbox.drill.losses import Write

RATE = 5.0
"""Writes a second on each channel."""


class RefusedError(RuntimeError):
    """The platform did not take a write; the text is its answer."""


class Channel(Protocol):
    """One way to write, such as predictions by the API."""

    name: str

    def write(self, number: int) -> tuple[str, str]:
        """Writes something new, and gives its id and its value; RefusedError when it was not taken."""

    def read(self, write: Write) -> str | None:
        """What is there for a write; None when there is nothing."""


@dataclass(frozen=True)
class Refusal:
    """A write that was not acknowledged."""

    channel: str
    at: float
    why: str


class Client:
    """Writes on all channels, each in a thread of its own: one that hangs does not hold up the others.

    The list of acknowledged writes is also in a file, line by line, so that an interrupted drill can be judged.
    """

    def __init__(self, channels: Sequence[Channel], ledger: Path, rate: float = RATE) -> None:
        self.channels = {channel.name: channel for channel in channels}
        self.refusals: list[Refusal] = []
        self.writes = _load(ledger)
        """Everything acknowledged so far."""
        self._pause_s = 1 / rate
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._file = ledger.open("a", encoding="utf-8")

    def start(self) -> None:
        """Begins to write."""
        for channel in self.channels.values():
            thread = threading.Thread(target=self._work, args=(channel,), name=f"client {channel.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 15.0) -> None:
        """Ends; what is under way may still be acknowledged. RuntimeError when a channel hangs."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout_s)
        hanging = [thread.name for thread in self._threads if thread.is_alive()]
        self._threads.clear()
        if hanging:
            raise RuntimeError(f"{', '.join(hanging)} had no answer for {timeout_s:.0f} s; the counts are incomplete")
        self._file.close()

    def acknowledged(self, count: int, limit_s: float) -> None:
        """Waits until each channel has so many writes acknowledged from now on; RuntimeError when it takes longer."""
        wanted = {name: len(self.of(name)) + count for name in self.channels}
        deadline = time.monotonic() + limit_s
        while behind := [name for name, number in wanted.items() if len(self.of(name)) < number]:
            if time.monotonic() > deadline:
                last = next((refusal.why for refusal in reversed(self.refusals)), "no answer")
                raise RuntimeError(f"no {' and '.join(behind)} taken within {limit_s:.0f} s; last answer: {last}")
            time.sleep(0.02)

    def lasting(self, seconds: float) -> None:
        """Waits until the oldest acknowledged write is so old."""
        oldest = min((write.at for write in self.writes), default=time.time())
        time.sleep(max(0.0, oldest + seconds - time.time()))

    def of(self, channel: str) -> list[Write]:
        """The acknowledged writes of a channel."""
        with self._lock:
            return [write for write in self.writes if write.channel == channel]

    def read(self, write: Write) -> str | None:
        """What is there for a write."""
        return self.channels[write.channel].read(write)

    def recovered_at(self, failed_at: float) -> float:
        """When the first write was taken after the last one that was refused; the failure itself when none was."""
        latest = failed_at
        with self._lock:
            for name in self.channels:
                refused = [row.at for row in self.refusals if row.channel == name and row.at >= failed_at]
                if refused:
                    taken = [row.at for row in self.writes if row.channel == name and row.at > refused[-1]]
                    latest = max(latest, taken[0] if taken else float("inf"))
        return latest

    def _work(self, channel: Channel) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                identity, value = channel.write(number)
            except RefusedError as refusal:
                with self._lock:
                    self.refusals.append(Refusal(channel.name, time.time(), str(refusal)))
            else:
                self._keep(Write(channel.name, identity, value, time.time()))
            self._stop.wait(self._pause_s)

    def _keep(self, write: Write) -> None:
        with self._lock:
            self.writes.append(write)
            self._file.write(json.dumps(asdict(write)) + "\n")
            self._file.flush()


def _load(path: Path) -> list[Write]:
    """The writes of an earlier part of the same drill; a last line that was cut off is none."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [Write(**json.loads(line)) for line in lines if line.endswith("\n")]
