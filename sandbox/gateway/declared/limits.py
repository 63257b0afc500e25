"""Declared rates: per method of the stage, and per API key by usage plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.ledger import Ledger

ACCOUNT_RATE = 10_000.0
ACCOUNT_BURST = 5_000
"""What API Gateway allows an account in one region by default."""


@dataclass(frozen=True)
class Limit:
    """Requests a second, and how many at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Plan:
    """A usage plan."""

    id: str
    limit: Limit | None = None
    methods: Mapping[tuple[str, str], Limit] = field(default_factory=dict)
    """By (verb, resource)."""
    quota: int | None = None
    period: str = ""
    """DAY, WEEK or MONTH."""


@dataclass(frozen=True)
class Limits:
    """All rates of one stage."""

    default: Limit = Limit(ACCOUNT_RATE, ACCOUNT_BURST)
    methods: Mapping[tuple[str, str], Limit] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, Plan | None]] = field(default_factory=dict)
    """Enabled key values, each with its id and plan; one without a plan opens nothing."""

    def of(self, verb: str, resource: str) -> Limit:
        """The rate that a method has over all callers."""
        return self.methods.get((verb, resource), self.default)


def limits(ledger: Ledger, api_id: str, stage: str) -> Limits:
    """Reads method settings, usage plans and keys of one stage."""
    default = Limits().default
    methods: dict[tuple[str, str], Limit] = {}
    for resource in ledger.of_type("aws:apigateway/methodSettings:MethodSettings"):
        declared = resource.inputs
        if (declared.get("restApi"), declared.get("stageName")) != (api_id, stage):
            continue
        limit = _limit(declared.get("settings") or {}, "throttlingRateLimit", "throttlingBurstLimit", default)
        path, _, verb = str(declared["methodPath"]).rpartition("/")
        if limit is None:
            continue
        if (path, verb) == ("*", "*"):
            default = limit
        else:
            methods[verb.upper(), _path(path)] = limit
    return Limits(default, methods, _keys(ledger, api_id, stage))


def _keys(ledger: Ledger, api_id: str, stage: str) -> dict[str, tuple[str, Plan | None]]:
    plans = {
        resource.id: _plan(resource.id, resource.inputs, api_id, stage)
        for resource in ledger.of_type("aws:apigateway/usagePlan:UsagePlan")
    }
    joined = {
        str(resource.inputs["keyId"]): plans.get(str(resource.inputs["usagePlanId"]))
        for resource in ledger.of_type("aws:apigateway/usagePlanKey:UsagePlanKey")
    }
    found: dict[str, tuple[str, Plan | None]] = {}
    for resource in ledger.of_type("aws:apigateway/apiKey:ApiKey"):
        declared = {**resource.outputs, **resource.inputs}
        if declared.get("enabled", True) and declared.get("value"):
            found[str(declared["value"])] = (resource.id, joined.get(resource.id))
    return found


def _plan(plan_id: str, declared: Mapping[str, Any], api_id: str, stage: str) -> Plan | None:
    """None for a plan that does not hold this stage."""
    for entry in declared.get("apiStages") or []:
        if (entry.get("apiId"), entry.get("stage")) == (api_id, stage):
            quota = declared.get("quotaSettings") or {}
            methods: dict[tuple[str, str], Limit] = {}
            for throttle in entry.get("throttles") or []:
                path, _, verb = str(throttle["path"]).rpartition("/")
                limit = _limit(throttle, "rateLimit", "burstLimit", None)
                if limit is not None:
                    methods[verb.upper(), _path(path)] = limit
            general = _limit(declared.get("throttleSettings") or {}, "rateLimit", "burstLimit", None)
            amount = quota.get("limit")
            return Plan(plan_id, general, methods, None if amount is None else int(amount), quota.get("period", ""))
    return None


def _limit(declared: Mapping[str, Any], rate: str, burst: str, default: Limit | None) -> Limit | None:
    """None when nothing is declared; -1 is how Pulumi says "no limit of its own"."""
    if declared.get(rate) is None and declared.get(burst) is None:
        return default
    rate_value = float(declared.get(rate, ACCOUNT_RATE))
    burst_value = int(declared.get(burst, ACCOUNT_BURST))
    return Limit(
        ACCOUNT_RATE if rate_value < 0 else rate_value,
        ACCOUNT_BURST if burst_value < 0 else burst_value,
    )


def _path(path: str) -> str:
    """A resource's path from a method path, whose slashes may be written as in a JSON pointer."""
    return "/" + path.replace("~1", "/").strip("/")
