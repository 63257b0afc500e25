"""A process's output in CloudWatch Logs while it runs, and the metrics that its lines hold."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LOG = logging.getLogger(__name__)
_BATCH = 500
_LONGEST = 200_000


def ensure_stream(client: Any, group: str, stream: str) -> None:
    """Makes the log group and the stream unless they exist."""
    existing = client.exceptions.ResourceAlreadyExistsException
    with contextlib.suppress(existing):
        client.create_log_group(logGroupName=group)
    with contextlib.suppress(existing):
        client.create_log_stream(logGroupName=group, logStreamName=stream)


class Metrics:
    """The last value of each metric that a training job's definition looks for in its log."""

    def __init__(self, definitions: Sequence[Mapping[str, str]]) -> None:
        """Takes `MetricDefinitions`; ValueError names a pattern that is no regular expression."""
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for definition in definitions:
            self._patterns.append((definition["Name"], _pattern(definition)))
        self._last: dict[str, tuple[float, float]] = {}

    def read(self, line: str) -> None:
        """Looks at one line."""
        for name, pattern in self._patterns:
            match = pattern.search(line)
            if match and match.groups():
                with contextlib.suppress(ValueError):
                    self._last[name] = (float(match.group(1)), time.time())

    def final(self) -> list[dict[str, Any]]:
        """`FinalMetricDataList`."""
        return [{"MetricName": name, "Value": value, "Timestamp": at} for name, (value, at) in self._last.items()]


def _pattern(definition: Mapping[str, str]) -> re.Pattern[str]:
    try:
        return re.compile(definition["Regex"])
    except re.error as error:
        words = f"metric {definition['Name']!r}: {definition['Regex']!r}"
        raise ValueError(f"{words} is no regular expression: {error}") from error


class LogShipper:
    """Follows a file and sends its lines to a log stream, a few times a second."""

    def __init__(self, client: Any, group: str, stream: str, file: Path, metrics: Metrics | None = None) -> None:
        self._client = client
        self._group = group
        self._stream = stream
        self._file = file
        self._metrics = metrics
        self._position = file.stat().st_size if file.exists() else 0
        self._rest = b""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"logs-{stream}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Sends what is left and ends."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        ready = False
        while True:
            last = self._stop.wait(0.25)
            lines = self._new_lines(last=last)
            for line in lines:
                if self._metrics is not None:
                    self._metrics.read(line)
            try:
                if not ready:
                    ensure_stream(self._client, self._group, self._stream)
                    ready = True
                self._send(lines)
            except (ClientError, BotoCoreError, OSError) as error:
                # The lines stay in the file; a job does not fail because its log cannot be read elsewhere.
                LOG.warning("log of %s not sent: %s", self._stream, error)
            if last:
                return

    def _new_lines(self, *, last: bool) -> list[str]:
        try:
            with self._file.open("rb") as file:
                file.seek(self._position)
                data = file.read()
        except FileNotFoundError:
            return []
        self._position += len(data)
        whole, found, rest = (self._rest + data).rpartition(b"\n")
        if last or len(rest) > _LONGEST:
            whole, found, rest = whole + found + rest, b"\n", b""
        self._rest = rest
        return [line.decode(errors="replace") for line in whole.split(b"\n") if line] if found else []

    def _send(self, lines: list[str]) -> None:
        now = int(time.time() * 1000)
        for start in range(0, len(lines), _BATCH):
            entries = [{"timestamp": now, "message": line[:_LONGEST]} for line in lines[start : start + _BATCH]]
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=entries)
