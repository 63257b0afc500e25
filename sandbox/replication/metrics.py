"""The figures of replication as CloudWatch has them: how late, how much waits, how much failed."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.replication.lanes import Now, Write

LOG = logging.getLogger(__name__)
PERIOD_S = 60.0

ClientFor = Callable[[str, str], Any]
"""A client of a service in a region."""


@dataclass
class _Figures:
    """Of one rule or table, since the last time they were put."""

    write: Write
    latency_s: float = 0.0
    failed: int = 0
    pending: int = 0
    pending_bytes: int = 0


class Metrics:
    """Puts what was seen into CloudWatch once a minute.

    S3 has latency and what waits in the region of the replica, failures in that of the source; DynamoDB has the
    latency in the region of the write. As long as something waits, its age counts as latency too.
    """

    def __init__(self, client_for: ClientFor, waiting: Callable[[], Iterable[Write]], now: Now) -> None:
        self._client_for = client_for
        self._waiting = waiting
        self._now = now
        self._figures: dict[tuple[str, ...], _Figures] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replication-metrics", daemon=True)

    def start(self) -> None:
        """Puts figures from a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def seen(self, write: Write, took_s: float, failed: bool) -> None:  # the lanes' callback
        """Counts a write that was copied or failed."""
        if write.dimensions:
            with self._lock:
                found = self._of(write)
                found.failed += failed
                found.latency_s = max(found.latency_s, 0.0 if failed else took_s)

    def put(self) -> None:
        """Puts the figures since the last time; a lost region gets none."""
        for (region, namespace), rows in self._taken().items():
            self._put(region, namespace, rows)

    def _put(self, region: str, namespace: str, rows: list[dict[str, Any]]) -> None:
        try:
            self._client_for("cloudwatch", region).put_metric_data(Namespace=namespace, MetricData=rows)
        except (BotoCoreError, ClientError, OSError) as error:
            LOG.info("figures of replication not put in %s: %s", region, error)

    def _taken(self) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
        now, rows = self._now(), defaultdict[tuple[str, str], list[dict[str, Any]]](list)
        waiting = list(self._waiting())
        with self._lock:
            for write in waiting:
                if write.dimensions:
                    found = self._of(write)
                    found.latency_s = max(found.latency_s, now - write.written)
                    found.pending += 1
                    found.pending_bytes += write.size
            for found in self._figures.values():
                for region, row in _rows(found):
                    rows[region, f"AWS/{_SPACES[found.write.kind]}"].append(row)
                found.latency_s, found.failed, found.pending, found.pending_bytes = 0.0, 0, 0, 0
        return rows

    def _of(self, write: Write) -> _Figures:
        key = (write.kind, write.source, write.target, *write.dimensions.values())
        return self._figures.setdefault(key, _Figures(write))

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            self.put()


_SPACES = {"s3": "S3", "dynamodb": "DynamoDB"}


def _rows(found: _Figures) -> list[tuple[str, dict[str, Any]]]:
    write = found.write
    dimensions = [{"Name": name, "Value": value} for name, value in write.dimensions.items()]

    def row(name: str, value: float, unit: str) -> dict[str, Any]:
        return {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit}

    if write.kind == "dynamodb":
        return [(write.source, row("ReplicationLatency", found.latency_s * 1000, "Milliseconds"))]
    return [
        (write.target, row("ReplicationLatency", found.latency_s, "Seconds")),
        (write.target, row("OperationsPendingReplication", found.pending, "Count")),
        (write.target, row("BytesPendingReplication", found.pending_bytes, "Bytes")),
        (write.source, row("OperationsFailedReplication", found.failed, "Count")),
    ]
