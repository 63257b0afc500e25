"""One health check: a real request to what stands for its host on this machine, judged as Route 53 judges."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from sandbox.ledger import Ledger, Resource

ANSWER_S = 4.0
"""Route 53 waits four seconds for a connection and two for the answer."""
_REGION = re.compile(r"(?:^|\.)(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)(?:\.|$)")
_PROBED = frozenset({"HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH"})
DOMAIN = "aws:apigateway/domainName:DomainName"
MAPPING = "aws:apigateway/basePathMapping:BasePathMapping"


class Gateway(Protocol):
    """Where the API of each region answers."""

    def address(self, region: str) -> str:
        """Of the gateway; empty where there is none."""


class Place:
    """What stands for a host name of AWS on this machine."""

    def __init__(self, ledger: Ledger, gateways: Gateway) -> None:
        self._gateways = gateways
        self._domains: dict[str, str] = {}
        self._stages: dict[tuple[str, str], str] = {}
        for domain in ledger.of_type(DOMAIN):
            for name in ("domainName", "regionalDomainName", "cloudfrontDomainName"):
                host = str(domain.outputs.get(name) or "")
                # A name that both regions serve is the one that fails over: it is no place.
                self._domains[host] = domain.region if self._domains.get(host, domain.region) == domain.region else ""
        for mapping in ledger.of_type(MAPPING):
            host, stage = str(mapping.inputs["domainName"]), str(mapping.inputs.get("stageName") or "")
            self._stages[host, str(mapping.inputs.get("basePath") or "")] = stage

    def region(self, host: str) -> str:
        """The region that a host name is of; empty when that cannot be told."""
        if self._domains.get(host):
            return self._domains[host]
        found = _REGION.search(host)
        return found["region"] if found else ""

    def url(self, host: str, path: str, region: str = "") -> str:
        """The address of a path of a host, in its own region or another one; empty when nothing here stands for it."""
        address = self._gateways.address(region or self.region(host))
        if not address:
            return ""
        base, _, rest = path.lstrip("/").partition("/")
        if (host, base) in self._stages:
            return f"{address}/{self._stages[host, base]}/{rest}"
        if (host, "") in self._stages:
            return f"{address}/{self._stages[host, '']}/{path.lstrip('/')}"
        return f"{address}/{path.lstrip('/')}"


class Check:
    """A declared health check and what it saw."""

    def __init__(self, declared: Resource, place: Place) -> None:
        inputs = declared.inputs
        self.id = declared.id
        self.kind = str(inputs["type"])
        self.interval_s: float | None = None
        """How often it asks instead of as declared."""
        self._declared_s = float(inputs.get("requestInterval") or 30)
        self._threshold = int(inputs.get("failureThreshold") or 3)
        self._inverted = bool(inputs.get("invertHealthcheck"))
        self._disabled = bool(inputs.get("disabled"))
        self._children = [str(child) for child in inputs.get("childHealthchecks") or []]
        self._least = int(inputs.get("childHealthThreshold") or 0)
        self._search = str(inputs.get("searchString") or "")
        self._host = str(inputs.get("fqdn") or inputs.get("ipAddress") or "")
        self._path = str(inputs.get("resourcePath") or "/")
        self._place = place
        self._healthy = True
        self._against = 0
        self._saw = "not asked yet, which counts as healthy"

    @property
    def probed(self) -> bool:
        """Whether it asks by requests that this machine can answer."""
        return self.kind in _PROBED and not self._disabled and bool(self._place.url(self._host, self._path))

    @property
    def every_s(self) -> float:
        """Seconds between two requests."""
        return self._declared_s if self.interval_s is None else self.interval_s

    def probe(self) -> None:
        """Asks once; the state changes after as many answers against it in a row as declared."""
        good, self._saw = self._ask()
        self._against = self._against + 1 if good != self._healthy else 0
        if self._against >= self._threshold:
            self._healthy, self._against = good, 0

    def judge(self, checks: Mapping[str, Check]) -> tuple[bool, str]:
        """Whether it counts as healthy, and why in words."""
        if self._disabled:
            return not self._inverted, "disabled, which counts as healthy"
        if self.kind == "CALCULATED":
            healthy = sum(checks[child].judge(checks)[0] for child in self._children if child in checks)
            return (
                (healthy >= self._least) != self._inverted,
                f"{healthy} of {len(self._children)} checks are healthy, {self._least} are needed",
            )
        if not self.probed:
            return not self._inverted, f"nothing on this machine answers for a check of type {self.kind}"
        return self._healthy != self._inverted, self._saw

    def _ask(self) -> tuple[bool, str]:
        url = self._place.url(self._host, self._path)
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=ANSWER_S)
        try:
            connection.request("GET", where.path, headers={"User-Agent": "Amazon-Route53-Health-Check-Service"})
            answer = connection.getresponse()
            body = answer.read(5120).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return False, f"GET {url}: {error}"
        finally:
            connection.close()
        good = 200 <= answer.status < 400 and self._search in body
        return good, f"GET {url}: status {answer.status}"
