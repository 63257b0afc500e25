"""Route 53 in small: health checks by real requests, and records by order or by nearness that follow them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from sandbox.control.answers import RecordState, Resolution
from sandbox.ledger import Ledger, Resource
from sandbox.regions.health import Check, Place

RECORD = "aws:route53/record:Record"
CHECK = "aws:route53/healthCheck:HealthCheck"
LATENCY = "LATENCY"
"""Role of a record by nearness."""
TICK_S = 0.2
LEAST_INTERVAL_S = 0.1


class Addresses(Protocol):
    """Where the API of each region answers; `Gateways` implements it."""

    def address(self, region: str) -> str:
        """Of the gateway; empty where there is none."""

    def api_url(self, region: str) -> str:
        """To which a route is appended; empty where there is none."""


class Names:
    """Every declared name with failover or latency records.

    Checks ask as often as they are declared to, unless `every` says otherwise: three in a row at ten seconds is
    what a failover on AWS waits for too.
    """

    def __init__(self, ledger: Ledger, primary: str, addresses: Addresses) -> None:
        self._place = Place(ledger, addresses)
        self._primary = primary
        self._addresses = addresses
        self.checks = {check.id: Check(check, self._place) for check in ledger.of_type(CHECK)}
        self._records: dict[str, list[Resource]] = {}
        for record in ledger.of_type(RECORD):
            if record.inputs.get("failoverRoutingPolicies") or record.inputs.get("latencyRoutingPolicies"):
                self._records.setdefault(_name(record), []).append(record)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Checks from a thread for each check, so that a slow answer delays no other."""
        for check in self.checks.values():
            if check.probed:
                thread = threading.Thread(target=self._run, args=(check,), name=f"health {check.id}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        """Ends the threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(5)

    def every(self, interval_s: float | None = None) -> None:
        """Lets all checks ask this often; None for as often as each is declared to."""
        if interval_s is not None and not LEAST_INTERVAL_S <= interval_s <= 30:
            raise ValueError(f"interval_s {interval_s!r} is not allowed; give {LEAST_INTERVAL_S} to 30, or none")
        for check in self.checks.values():
            check.interval_s = interval_s

    def all(self) -> list[Resolution]:
        """Where every name leads now."""
        return [self.resolve(name) for name in sorted(self._records)]

    def resolve(self, name: str, near: str = "") -> Resolution:
        """Where a name leads: the first record that is healthy, or the first one where nothing is.

        The primary comes first, and of latency records the one of the region that the caller is in, or says to be
        `near`: without it that of the stack.
        """
        wanted = name.rstrip(".").lower()
        if wanted not in self._records:
            known = ", ".join(sorted(self._records)) or "none; declare a domain and a second region for the stack"
            raise LookupError(f"no failover or latency record is declared for {name!r}; there are: {known}")
        rows = [self._told(record) for record in self._records[wanted]]
        first = {"PRIMARY": "", LATENCY: near or self._primary}
        rows.sort(key=lambda row: first.get(row["role"]) not in ("", row["region"]))
        if any(row["healthy"] for row in rows):
            rows.sort(key=lambda row: not row["healthy"])
        return {"name": wanted, "region": rows[0]["region"], "api_url": rows[0]["api_url"], "records": rows}

    def url(self, host: str, path: str) -> str:
        """Where a path of a host answers on this machine, of a name in the region that it leads to; or nothing."""
        known = host.rstrip(".").lower()
        return self._place.url(host, path, self.resolve(known)["region"] if known in self._records else "")

    def _told(self, record: Resource) -> RecordState:
        declared = record.inputs
        target = _target(declared)
        region = self._place.region(target) or record.region or self._primary
        healthy, words = self._health(str(declared.get("healthCheckId") or ""))
        failover = declared.get("failoverRoutingPolicies") or [{"type": LATENCY}]
        return {
            "role": str(failover[0]["type"]),
            "region": region,
            "target": target,
            "api_url": self._addresses.api_url(region),
            "healthy": healthy,
            "check": words,
        }

    def _health(self, identity: str) -> tuple[bool, str]:
        if not identity:
            return True, "no health check is declared, which counts as healthy"
        if identity not in self.checks:
            return True, f"health check {identity} is not of this stack, which counts as healthy"
        return self.checks[identity].judge(self.checks)

    def _run(self, check: Check) -> None:
        waited = 0.0
        while not self._stop.wait(TICK_S):
            waited += TICK_S
            # An interval that is made shorter counts at once.
            if waited >= check.every_s:
                waited = 0.0
                check.probe()


def _name(record: Resource) -> str:
    return str(record.outputs.get("fqdn") or record.inputs["name"]).rstrip(".").lower()


def _target(declared: Mapping[str, Any]) -> str:
    """The host name, or the first address, that a record leads to."""
    aliases = declared.get("aliases") or []
    values = declared.get("records") or []
    return str(aliases[0]["name"] if aliases else values[0] if values else "").rstrip(".")
