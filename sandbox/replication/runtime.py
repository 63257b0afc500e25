"""The replication runtime: hooks moto's S3, DynamoDB and Secrets Manager, and copies what they acknowledge."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from sandbox.callers import Caller
from sandbox.cloud import Application, Judge
from sandbox.control.answers import PendingWrite, ReplicationState
from sandbox.events.hooks import Hooks
from sandbox.replication import keys
from sandbox.replication.acknowledged import Acknowledged
from sandbox.replication.lanes import Lanes, Now
from sandbox.replication.metrics import Metrics
from sandbox.replication.objects import Objects
from sandbox.replication.secrets import Secrets
from sandbox.replication.tables import Tables

LOG = logging.getLogger(__name__)
LAG_S = 1.0
"""What a write waits when nothing else is asked for: S3 and DynamoDB take about that long between near regions."""


class ReplicatedCloud(Protocol):
    """What this runtime needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def lock(self) -> Any:
        """Held by every write to a table."""

    @property
    def judge(self) -> Judge:
        """Says why IAM refuses something."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""

    def wrap(self, layer: Callable[[Application], Application]) -> None:
        """Puts a layer in front of the services."""


class Replication:
    """Copies between the regions of one sandbox what buckets, tables and secrets are configured to replicate.

    Build it with the cloud and a directory (unused: nothing is written), call `install()` before the program runs,
    `attach()` after it, `close()` at the end.
    """

    def __init__(
        self,
        cloud: ReplicatedCloud,
        directory: Path,
        *,
        lag_s: float = LAG_S,
        now: Now = time.time,
        threaded: bool = True,
    ) -> None:
        """See the class.

        Args:
            cloud: where the services are.
            directory: where a runtime may write.
            lag_s: how long a write waits before it is copied.
            now: seconds since 1970; a test gives its own.
            threaded: whether it copies by itself; without, a test calls `copy_due`.
        """
        self.directory = directory
        self.notes = NOTES
        self._cloud = cloud
        self._threaded = threaded
        self._hooks = Hooks()
        self._lanes = Lanes(lag_s, now)
        self.metrics = Metrics(cloud.client, self._lanes.waiting, now)
        self._lanes.seen = self.metrics.seen
        acknowledged = Acknowledged()
        self._acknowledged = acknowledged
        self._objects = Objects(cloud.account, self._lanes, acknowledged, now, self._refusal)
        self._tables = Tables(cloud.account, self._lanes, acknowledged, cloud.lock, now)
        self._secrets = Secrets(cloud.account, self._lanes, acknowledged, now)

    def install(self) -> None:
        """Makes the services hear of what is to be replicated."""
        for part in (self._objects, self._tables, self._secrets):
            part.install(self._hooks)
        keys.install(self._hooks)
        self._cloud.wrap(self._acknowledged.layer)
        if self._threaded:
            self._lanes.start()
            self.metrics.start()

    def attach(self, ledger: object) -> None:
        """Nothing to read: buckets, tables and secrets got their declarations by the calls that made them."""
        del ledger

    def close(self) -> None:
        """Ends the copying and undoes the hooks; tells what was acknowledged and is not in the other region."""
        self.metrics.close()
        left = self._lanes.close()
        self._hooks.undo()
        if left:
            LOG.warning("%s", told(left))

    def _refusal(self, caller: Caller, action: str, resource: str, region: str) -> str:
        """What IAM says; the cloud gets its judge after all other runtimes."""
        return self._cloud.judge(caller, action, resource, region)

    @property
    def lag_s(self) -> float:
        """How long a write waits before it is copied, in seconds."""
        return self._lanes.lag_s

    @lag_s.setter
    def lag_s(self, seconds: float) -> None:
        self._lanes.lag_s = seconds

    def pause(self) -> None:
        """Copies nothing until `resume`; writes wait in their order."""
        self._lanes.pause()

    def resume(self) -> None:
        """Goes on copying."""
        self._lanes.resume()

    def pending(self) -> list[PendingWrite]:
        """Every acknowledged write that is not in the other region, oldest first within a lane."""
        return self._lanes.pending()

    def status(self) -> ReplicationState:
        """The counters of every lane."""
        return self._lanes.state()

    def settle(self, timeout_s: float = 30.0) -> bool:
        """Waits until nothing that may be copied waits any more; false when that takes longer."""
        return self._lanes.settle(timeout_s)

    def copy_due(self) -> int:
        """Copies what is due now, in the caller's thread, and gives how many writes that were."""
        return self._lanes.copy_due()

    def lose(self, region: str) -> None:
        """Copies nothing from or to a region; what it acknowledged waits there."""
        self._lanes.hold(region)

    def recover(self, region: str) -> None:
        """Copies what waited."""
        self._lanes.release(region)


NOTES = (
    "replication copies between the regions of this process after a lag that can be set",
    "S3 copies in the role of each rule; DynamoDB and Secrets Manager do it in roles of AWS's, which are not judged",
    "ElastiCache and parameters are not replicated",
)
"""Where this differs from AWS, for the report."""


def told(left: list[PendingWrite]) -> str:
    """A line about writes that did not reach the other region."""
    counts = Counter((write["kind"], write["source"], write["target"]) for write in left)
    lanes = ", ".join(
        f"{count} {kind} {source} to {target}" for (kind, source, target), count in sorted(counts.items())
    )
    return f"{len(left)} acknowledged writes are not in the other region: {lanes}"
