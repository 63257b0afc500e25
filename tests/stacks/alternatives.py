"""For each setting another value that is allowed, and a stack in which it matters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from components.settings.reference import Setting, settings
from tests.stacks.platform import configuration

Path = tuple[str, ...]
"""The keys that lead to a setting, such as `network`, `cidr`."""

ONE_REGION, TWO_REGIONS, SMALL = "staging", "prod", "dev"
"""Stacks that settings are changed in: most in the first; the last has a serverless endpoint and one zone."""

BASES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    # Everything that is off by default is on, so that what it reads shows.
    ONE_REGION: {
        # Cognito's own domain takes no request from inside a network without a NAT gateway.
        "network": {"nat": "single"},
        "audit": {"trail": "own", "recorder": "own", "threats": "own", "access": "own", "standards": ["fsbp"]},
        "data": {"lockDays": 30, "acceleratorNodes": 1},
        "api": {"domain": "api.example.org", "zoneId": "Z0123456789ABC"},
        "identity": {"domain": "predictions-first"},
        "observability": {
            "slackWorkspace": "T07EA123LEP",
            "slackChannel": "C07EZ1ABC23",
            "pagerdutyUrl": "https://events.pagerduty.com/integration/first/enqueue",
        },
        "site": {"domain": "ml.example.org", "zoneId": "Z0123456789ABC"},
        "loadBalancer": {
            "scheme": "internet-facing",
            "domain": "predict.example.org",
            "zoneId": "Z0123456789ABC",
            "accelerator": True,
        },
    },
    TWO_REGIONS: {},
    SMALL: {},
}

TEXTS: Mapping[str, Any] = {
    "network.cidr": "10.8.0.0/16",
    "network.zones": ["a", "b", "c"],
    "network.secondZone": "c",
    "network.interfaceEndpoints": ["cognito-idp", "elasticache", "sagemaker.runtime", "secretsmanager", "kms"],
    "data.lockDays": 31,
    "data.acceleratorNodes": 3,
    "data.acceleratorNodeType": "dax.r5.large",
    "cache.nodeType": "cache.m7g.large",
    "cache.nodes": 3,
    "cache.maintenanceWindow": "mon:05:00-mon:07:00",
    "cache.snapshotWindow": "01:00-02:30",
    "database.engineVersion": "16.9",
    "database.minCapacity": 1.0,
    "database.maxCapacity": 6.0,
    "secrets.rotationDays": 20,
    "endpoint.mode": "serverless",
    "endpoint.instanceType": "ml.c5.2xlarge",
    "endpoint.minInstances": 3,
    "endpoint.maxInstances": 4,
    "endpoint.invocationsPerInstance": 900,
    "endpoint.memoryMb": 3072,
    "endpoint.maxConcurrency": 6,
    "endpoint.capturePercent": 50,
    "batch.instanceType": "ml.m5.2xlarge",
    "training.schedule": "rate(7 days)",
    "training.targetColumn": "label",
    "training.algorithms": ["xgboost"],
    "training.processingInstanceType": "ml.m5.2xlarge",
    "training.trainingInstanceType": "ml.m5.2xlarge",
    "training.maxRuntimeS": 3000,
    "training.maxWaitS": 9000,
    "api.requestsPerSecond": 900,
    "api.burst": 1500,
    "api.domain": "calls.example.org",
    "api.zoneId": "Z9876543210ABC",
    "api.mfa": "ON",
    "api.countries": ["US", "CA"],
    "api.corsOrigins": ["https://other.example.org"],
    "api.partners": ["acme"],
    "identity.emailDomains": ["example.org"],
    "identity.domain": "predictions-second",
    "identity.programs": ["acme=predict"],
    "insights.modelId": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "site.domain": "other.example.org",
    "site.zoneId": "Z9876543210ABC",
    "site.connectOrigins": ["https://uploads.example.org"],
    "loadBalancer.scheme": "internal",
    "loadBalancer.domain": "also.example.org",
    "loadBalancer.zoneId": "Z9876543210ABC",
    "functions.predictionsConcurrency": 20,
    "audit.standards": ["cis"],
    "budget.stopRoles": ["service-role/notebooks"],
    "observability.emails": ["ops@example.org"],
    "observability.slackWorkspace": "T07EA123LEQ",
    "observability.slackChannel": "C07EZ1ABC24",
    "observability.pagerdutyUrl": "https://events.pagerduty.com/integration/second/enqueue",
    "observability.runbookUrl": "https://example.org/runbooks",
    "recovery.region": "us-east-2",
    "recovery.zones": ["a", "b", "c"],
    "recovery.cidr": "10.9.0.0/16",
    "recovery.cacheNodeType": "cache.m7g.large",
    "recovery.predictionsConcurrency": 20,
    "recovery.backupLockFinalAfterDays": 10,
    "tags": {"Owner": "somebody", "CostCenter": "else"},
}
"""Values that no rule gives: texts, lists, and numbers that have to fit others."""

WITH: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "api.partners": {"loadBalancer": {"scheme": "none", "domain": None, "zoneId": None, "accelerator": False}},
    "loadBalancer.routing": {
        "loadBalancer": {"scheme": "internet-facing", "domain": "door.example.org", "zoneId": "Z0123456789ABC"}
    },
    "loadBalancer.scheme": {"loadBalancer": {"accelerator": False}},
    "network.nat": {"identity": {"domain": None}},
    "site.enabled": {"site": {"domain": None, "zoneId": None}},
    "recovery.globalCache": {"recovery": {"cacheNodeType": "cache.m7g.large"}},
}
"""What a setting cannot stand beside: it is changed alone, in a base that is changed like this."""

ALONE = frozenset(
    {
        *("audit.hipaa", "audit.recorder", "audit.trail", "budget.anomalies", "budget.enabled", "budget.stop"),
        *("endpoint.mode", "database.enabled", "insights.engine", "recovery.active", "data.lockMode", *WITH),
    }
)
"""Switches that decide whether other settings count: each is changed alone."""

IN_SMALL = frozenset({"endpoint.memoryMb", "endpoint.maxConcurrency", "network.secondZone"})
"""Settings of a serverless endpoint and of a network with one zone, as in dev."""

IN_TWO = frozenset({"loadBalancer.routing"})
"""Settings, beside those of the second region itself, that only count where there is one."""

NOTHING: Mapping[str, str] = {
    "artifacts": "where the built files lie: what is deployed is their content, wherever it came from",
}
"""Settings that change nothing by their nature, with the reason."""


def name(setting: Setting) -> str:
    """A setting as a person writes it."""
    return ".".join(setting.path)


def changeable() -> list[Setting]:
    """Every setting that has to show."""
    return [setting for setting in settings() if name(setting) not in NOTHING]


def base_of(setting: Setting) -> str:
    """The stack that a setting is changed in."""
    if name(setting) in IN_SMALL:
        return SMALL
    return TWO_REGIONS if setting.section == "recovery" or name(setting) in IN_TWO else ONE_REGION


def config(base: str, changed: Iterable[Setting] = (), beside: str = "") -> dict[str, str]:
    """The configuration of a base with the alternatives of some settings, or as the setting `beside` needs it."""
    values = {key: _read(value) for key, value in configuration(base).items()}
    for section, more in BASES[base].items():
        _merge(values, section, more)
    for section, more in WITH.get(beside, {}).items():
        _merge(values, section, more)
    for setting in changed:
        if setting.section:
            _merge(values, setting.path[0], {setting.path[1]: alternative(setting)})
        else:
            values[f"mlplatform:{setting.path[0]}"] = alternative(setting)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def present(setting: Setting) -> Any:
    """What its base says, or its default."""
    given: Any = {key.removeprefix("mlplatform:"): _read(value) for key, value in config(base_of(setting)).items()}
    for key in setting.path:
        if not isinstance(given, dict) or key not in given:
            return list(setting.default) if isinstance(setting.default, tuple) else setting.default
        given = given[key]
    return given


def alternative(setting: Setting) -> Any:
    """Another allowed value than that of its base."""
    if name(setting) in TEXTS:
        return TEXTS[name(setting)]
    now, hint, metadata = present(setting), setting.hint, setting.item.metadata
    if hint is bool:
        return not now
    choices = get_args(hint) if get_origin(hint) is Literal else tuple(metadata.get("allowed", ()))
    if choices and get_origin(hint) is not tuple:
        return next(choice for choice in choices if choice != now)
    if "low" in metadata and (isinstance(now, int | float) or get_origin(hint) is UnionType):
        return metadata["low"] if now != metadata["low"] else metadata["low"] + 1
    raise LookupError(f"{name(setting)} has no alternative; add a row to TEXTS in tests/stacks/alternatives.py")


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _merge(values: dict[str, Any], section: str, more: Mapping[str, Any]) -> None:
    key = f"mlplatform:{section}"
    values[key] = {**values.get(key, {}), **more}
