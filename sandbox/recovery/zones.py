"""An availability zone is lost: the cache nodes and the function instances that lived in its subnets go with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sandbox.cloud import ACCOUNT
from sandbox.lambdas.plan import FUNCTION, Plan
from sandbox.ledger import Ledger

SUBNET = "aws:ec2/subnet:Subnet"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
NOTES = (
    "a lost zone takes cache nodes and function instances; endpoint and database, one process each, stay",
    "a cache's replica takes over at once, on AWS within a minute",
)


class Caches(Protocol):
    """What this part needs of the caches."""

    def lose_zone(self, zone: str) -> list[str]:
        """Ends the nodes of a zone; gives the groups without a primary."""

    def recover_zone(self, zone: str) -> None:
        """Starts them again."""

    def roles(self, name: str, region: str = "") -> list[tuple[str, bool, bool]]:
        """Zone of each node, whether it runs, whether it is the primary."""


class Functions(Protocol):
    """What this part needs of the functions."""

    def end(self, chosen: Callable[[Plan, int], bool]) -> None:
        """Ends the instances that are chosen by their function and their number in it."""


class Zones:
    """The zones of one running stack; a part of the control commands."""

    def __init__(self, ledger: Ledger, caches: Caches, functions: Functions) -> None:
        self.notes = NOTES
        self._caches, self._functions = caches, functions
        self._lock = threading.Lock()
        self._lost: set[str] = set()
        by_subnet = {subnet.id: str(subnet.inputs["availabilityZone"]) for subnet in ledger.of_type(SUBNET)}
        self._groups = [(group.id, group.region) for group in ledger.of_type(GROUP)]
        self._places: dict[str, list[str]] = {}
        """By a function's ARN, the zones that its instances are spread over."""
        for function in ledger.of_type(FUNCTION):
            subnets = (function.inputs.get("vpcConfig") or {}).get("subnetIds") or []
            self._places[str(function.outputs.get("arn"))] = sorted({by_subnet[subnet] for subnet in subnets})
        self._known = sorted({zone for zones in self._places.values() for zone in zones})
        self._show()

    def commands(self) -> Mapping[str, Callable[..., Any]]:
        """What `sandbox.control.Control.call` can ask for."""
        return {"zones": self.status, "lose_zone": self.lose, "recover_zone": self.recover}

    def status(self) -> dict[str, Any]:
        """The zones, those that are lost, and the nodes of each cache."""
        return {
            "zones": self._known,
            "lost": sorted(self._lost),
            "caches": {
                f"{region}/{name}": [
                    {"zone": zone, "running": running, "primary": primary}
                    for zone, running, primary in self._caches.roles(name, region)
                ]
                for name, region in self._groups
            },
        }

    def lose(self, zone: str) -> list[str]:
        """Takes a zone away; gives the caches that have no primary any more."""
        self._check(zone)
        with self._lock:
            left = [other for other in self._known if other not in {*self._lost, zone} and other[:-1] == zone[:-1]]
            if not left:
                raise ValueError(
                    f"zone {zone!r} is the only one of its region: without it there is nothing to go on with; "
                    "use a stack with two zones, or lose the region"
                )
            self._lost.add(zone)
            orphans = self._caches.lose_zone(zone)
            self._functions.end(lambda plan, number: self._zone(plan, number) == zone)
            self._show()
            return orphans

    def recover(self, zone: str) -> None:
        """Gives a zone back: cache nodes start as replicas, functions use it again."""
        self._check(zone)
        with self._lock:
            self._lost.discard(zone)
            self._caches.recover_zone(zone)
            self._show()

    def _zone(self, plan: Plan, number: int) -> str:
        """Where an instance lives: Lambda spreads them over the subnets."""
        zones = self._places.get(plan.arn) or [""]
        return zones[number % len(zones)]

    def _check(self, zone: str) -> None:
        if zone not in self._known:
            raise ValueError(f"zone {zone!r} is not one of this stack; there are: {', '.join(self._known)}")

    def _show(self) -> None:
        """Lets DescribeReplicationGroups tell where each node is, and who is the primary now."""
        from moto.elasticache.models import elasticache_backends

        for name, region in self._groups:
            group = elasticache_backends[ACCOUNT][region].replication_groups[name]
            # moto knows of one member, whatever was declared.
            first, found = group.node_groups[0]["node_group_members"][0], []
            for number, (zone, running, primary) in enumerate(self._caches.roles(name, region), 1):
                role = "primary" if primary and running else "replica"
                where = {"preferred_availability_zone": zone, "current_role": role}
                found.append({**first, "cache_cluster_id": f"{name}-{number:03}", **where})
            group.node_groups[0]["node_group_members"] = found
            group.member_clusters = [member["cache_cluster_id"] for member in found]
