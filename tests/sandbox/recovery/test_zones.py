"""Losing a zone takes what is declared to live there, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.lambdas.plan import FUNCTION, Plan
from sandbox.ledger import Ledger, Resource
from sandbox.recovery.zones import SUBNET, Zones

REGION = "us-east-1"


class NoCaches:
    """Caches of a stack that has none; remembers what it was told."""

    def __init__(self) -> None:
        self.lost: list[str] = []

    def lose_zone(self, zone: str) -> list[str]:
        self.lost.append(zone)
        return []

    def recover_zone(self, zone: str) -> None:
        self.lost.remove(zone)

    def roles(self, name: str, region: str = "") -> list[tuple[str, bool, bool]]:
        raise LookupError(name)


class Instances:
    """Functions with so many instances each; remembers which ones ended."""

    def __init__(self, **counts: int) -> None:
        self._counts = counts
        self.ended: dict[str, list[int]] = {}

    def end(self, chosen: Callable[[Plan, int], bool]) -> None:
        for name, count in self._counts.items():
            plan = Plan(name, arn(name), REGION, "h.h", "python3.13", {})
            self.ended[name] = [number for number in range(count) if chosen(plan, number)]


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:123456789012:function:{name}"


def stack(functions: dict[str, list[str]], zones: str = "ab") -> Ledger:
    """A ledger of one subnet a zone, and functions in some of them."""
    ledger = Ledger("dev", "p")
    for zone in zones:
        ledger.add(made(SUBNET, zone, {"availabilityZone": f"{REGION}{zone}"}, {"id": f"subnet-{zone}"}))
    for name, places in functions.items():
        inputs = {"vpcConfig": {"subnetIds": [f"subnet-{zone}" for zone in places]}} if places else {}
        ledger.add(made(FUNCTION, name, inputs, {"id": name, "arn": arn(name)}))
    return ledger


def made(token: str, name: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> Resource:
    return Resource(f"urn:{token}:{name}", token, name, inputs=inputs, outputs=outputs, region=REGION)


def test_instances_of_the_zone_end_and_those_elsewhere_stay() -> None:
    caches, functions = NoCaches(), Instances(spread=4, single=2, outside=2)
    zones = Zones(stack({"spread": ["a", "b"], "single": ["b"], "outside": []}), caches, functions)
    assert zones.lose(f"{REGION}b") == []
    assert functions.ended == {"spread": [1, 3], "single": [0, 1], "outside": []}
    assert caches.lost == [f"{REGION}b"]
    assert zones.status() == {"zones": [f"{REGION}a", f"{REGION}b"], "lost": [f"{REGION}b"], "caches": {}}


def test_a_zone_comes_back() -> None:
    caches = NoCaches()
    zones = Zones(stack({"spread": ["a", "b"]}), caches, Instances())
    zones.lose(f"{REGION}a")
    zones.recover(f"{REGION}a")
    assert caches.lost == zones.status()["lost"] == []


def test_the_last_zone_cannot_be_lost() -> None:
    caches = NoCaches()
    zones = Zones(stack({"spread": ["a", "b"]}), caches, Instances())
    zones.lose(f"{REGION}a")
    with pytest.raises(ValueError, match="'us-east-1b' is the only one of its region"):
        zones.lose(f"{REGION}b")
    assert caches.lost == [f"{REGION}a"]


@pytest.mark.parametrize("command", ["lose_zone", "recover_zone"])
def test_an_unknown_zone_is_told_with_those_that_there_are(command: str) -> None:
    zones = Zones(stack({"spread": ["a", "b"]}), NoCaches(), Instances())
    with pytest.raises(ValueError, match="'us-east-1z' is not one of this stack; there are: us-east-1a, us-east-1b"):
        zones.commands()[command](zone="us-east-1z")
