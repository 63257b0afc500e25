"""Loses and recovers regions, and answers the control commands of a running sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from sandbox.cloud import Cloud
from sandbox.control.answers import RegionState, Resolution, SandboxState
from sandbox.control.server import Command
from sandbox.edge import Edges
from sandbox.ledger import Ledger
from sandbox.regions.gateways import Gateways
from sandbox.regions.names import Names
from sandbox.regions.outage import Outage
from sandbox.replication import Replication

NOTES = (
    "a lost region ends connections without an answer; IAM, Route 53 and CloudFront, which have none, stay",
    "training jobs and executions of a lost region go on and fail by themselves where they call a service",
    "one checker a health check asks on this machine, where Route 53 asks from many places",
    "nearness of latency records is what the caller says (`control resolve name=… near=REGION`), and not measured",
    "the gateway of a region answers for its load balancer",
)


@runtime_checkable
class Regional(Protocol):
    """A part of the sandbox that can lose what it runs in one region."""

    def lose(self, region: str) -> None:
        """Answers for the region no more."""

    def recover(self, region: str) -> None:
        """Answers again."""


class Regions:
    """All regions of one running stack.

    Args:
        ledger: what was declared.
        cloud: where the services are; it begins to refuse requests for lost regions.
        gateways: the APIs.
        replication: what copies between regions.
        runtimes: every part of the sandbox; those that are `Regional` lose and recover too.
    """

    def __init__(
        self,
        ledger: Ledger,
        cloud: Cloud,
        gateways: Gateways,
        replication: Replication,
        runtimes: Sequence[object],
    ) -> None:
        self._ledger = ledger
        self._cloud = cloud
        self._gateways = gateways
        self._replication = replication
        self._outage = Outage(cloud.account)
        cloud.wrap(self._outage.layer)
        self.names = Names(ledger, cloud.region, gateways)
        self._edges = Edges(ledger, cloud, self.names)
        self.notes = (*NOTES, *self._edges.notes)
        """Where this differs from AWS, for the report."""
        # What is changed until then is held back last.
        parts = [*(part for part in runtimes if part is not replication), replication]
        self._parts = [part for part in parts if isinstance(part, Regional)]
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to check the health of what names lead to, and to answer for the site."""
        self.names.start()
        self._edges.start()

    def close(self) -> None:
        """Ends the checks, and the site."""
        self._edges.close()
        self.names.close()

    def lose(self, region: str) -> None:
        """Takes a region away; a lost one stays as it is. RuntimeError names the parts that did not follow."""
        self._known(region)
        with self._lock:
            if region not in self._outage.lost:
                # Who is being answered may still write, and is answered before the services are gone: an answer whose
                # write was refused in between would count as taken.
                first = [(self._gateways, self._gateways.lose), (self._outage, self._outage.lost.add)]
                _each([*first, *((part, part.lose) for part in self._parts)], region, "is lost")

    def recover(self, region: str) -> None:
        """Gives a lost region back. RuntimeError names the parts that did not follow."""
        self._known(region)
        with self._lock:
            if region in self._outage.lost:
                self._outage.lost.discard(region)
                last = (self._gateways, self._gateways.recover)
                _each([*((part, part.recover) for part in reversed(self._parts)), last], region, "is back")

    def commands(self) -> Mapping[str, Command]:
        """What `sandbox.control.Control` can ask for."""
        replication = self._replication
        return {
            "status": self.status,
            "lose": self.lose,
            "recover": self.recover,
            "pause": replication.pause,
            "resume": replication.resume,
            "lag": self._lag,
            "health": self.names.every,
            "replication": replication.status,
            "pending": replication.pending,
            "settle": replication.settle,
            "resolve": self.resolve,
        }

    def status(self) -> SandboxState:
        """Everything at once."""
        return {
            "stack": self._ledger.stack,
            "primary": self._cloud.region,
            "regions": [self._told(region) for region in self._ledger.regions()],
            "replication": self._replication.status(),
            "names": self.names.all(),
            "sites": self._edges.urls,
        }

    def resolve(self, name: str, near: str = "") -> Resolution:
        """Where a name leads now, for a caller near a region; LookupError and ValueError name those that there are."""
        if near:
            self._known(near)
        return self.names.resolve(name, near)

    def _told(self, region: str) -> RegionState:
        return {
            "name": region,
            "primary": region == self._cloud.region,
            "lost": region in self._outage.lost,
            "api_url": self._gateways.api_url(region),
        }

    def _known(self, region: str) -> None:
        known = self._ledger.regions()
        if region not in known:
            raise ValueError(f"region {region!r} is not one of this stack; there are: {', '.join(known)}")

    def _lag(self, seconds: float) -> None:
        self._replication.lag_s = seconds


def _each(acts: Sequence[tuple[object, Callable[[str], None]]], region: str, what: str) -> None:
    """Does all of it, whatever happens to one of them."""
    faults = [fault for part, act in acts if (fault := _fault(part, act, region))]
    if faults:
        raise RuntimeError(f"region {region} {what}, but not wholly: {'; '.join(faults)}")


def _fault(part: object, act: Callable[[str], None], region: str) -> str:
    try:
        act(region)
    except (OSError, RuntimeError, LookupError, ValueError, TimeoutError) as error:
        return f"{type(part).__name__}: {error}"
    return ""
