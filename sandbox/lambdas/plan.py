"""What was declared for each function, and how a name, an ARN or an alias finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sandbox.ledger import Ledger, Resource

FUNCTION = "aws:lambda/function:Function"
LAYER = "aws:lambda/layerVersion:LayerVersion"
ALIAS = "aws:lambda/alias:Alias"
EVENT_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
LATEST = "$LATEST"

_NAME = re.compile(
    r"(?:arn:[\w-]+:lambda:(?P<region>[\w-]+):)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?",
)


class FunctionError(RuntimeError):
    """Lambda refused the call before any code ran; `code` and `status` are those of its API."""

    code = "ServiceException"
    status = 500


class NoSuchFunctionError(FunctionError):
    """No such function, version or alias."""

    code = "ResourceNotFoundException"
    status = 404

    @classmethod
    def of(cls, region: str, account: str, name: str) -> NoSuchFunctionError:
        """The refusal in Lambda's words."""
        return cls(f"Function not found: arn:aws:lambda:{region}:{account}:function:{name}")


class LostRegionError(FunctionError):
    """The region of the function answers no more."""

    code = "ServiceException"
    status = 503


class ThrottledError(FunctionError):
    """The declared concurrency is in use."""

    code = "TooManyRequestsException"
    status = 429


class PayloadTooLargeError(FunctionError):
    """The request is larger than Lambda takes."""

    code = "RequestTooLargeException"
    status = 413


@dataclass(frozen=True)
class Layer:
    """A layer version: its archive and what it was made for."""

    arn: str
    code: Mapping[str, Any]
    architectures: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asynchronous:
    """What happens to an event that nobody waits for."""

    retries: int = 2
    on_success: str = ""
    on_failure: str = ""
    """ARNs of the destinations; empty for none."""


@dataclass(frozen=True)
class Plan:
    """One function as declared."""

    name: str
    arn: str
    """Without qualifier."""
    region: str
    handler: str
    runtime: str
    code: Mapping[str, Any]
    """`{"path": …}`, `{"assets": …}`, or `{"bucket": …, "key": …}`."""
    architecture: str = "x86_64"
    layers: tuple[Layer, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 128
    timeout_s: float = 3.0
    reserved: int | None = None
    """Reserved concurrency; None when there is none, 0 switches the function off."""
    log_group: str = ""
    json_logs: bool = False
    log_level: str = ""
    dead_letter: str = ""
    role: str = ""
    """ARN of the role that it runs in."""
    key: str = ""
    """ARN of the customer's key that encrypts its variables."""
    placed: bool = False
    """Whether it has a place in a network of the account."""
    versions: Mapping[str, str] = field(default_factory=lambda: {LATEST: LATEST})
    """Every qualifier, with the version that it means."""
    codes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By version, where it runs other code than `code`: versions that were published after the deployment."""
    asynchronous: Mapping[str, Asynchronous] = field(default_factory=dict)
    """By qualifier."""

    def version(self, qualifier: str) -> str:
        """The version behind a qualifier ("" is $LATEST)."""
        try:
            return self.versions[qualifier or LATEST]
        except KeyError:
            raise NoSuchFunctionError(f"Function not found: {self.arn}:{qualifier}") from None

    def qualified(self, qualifier: str) -> str:
        """The ARN as the caller named the function."""
        return f"{self.arn}:{qualifier}" if qualifier else self.arn


@lru_cache(maxsize=1024)
def parse(text: str) -> tuple[str, str, str]:
    """Region, name and qualifier of any form of name that Lambda takes; region and qualifier may be empty."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise NoSuchFunctionError(f"Function not found: {text}")
    return found["region"] or "", found["name"], found["qualifier"] or ""


def plans(ledger: Ledger) -> dict[tuple[str, str], Plan]:
    """Every declared function by region and name.

    Raises:
        ValueError: a function cannot be run here; the message says why and what to do.
    """
    layers = {layer.outputs.get("arn", ""): _layer(layer) for layer in ledger.of_type(LAYER)}
    made: dict[tuple[str, str], Plan] = {}
    for resource in ledger.of_type(FUNCTION):
        plan = _plan(resource, layers, ledger)
        made[plan.region, plan.name] = plan
    return made


def _plan(resource: Resource, layers: Mapping[str, Layer], ledger: Ledger) -> Plan:
    declared = {**resource.outputs, **resource.inputs}
    name = declared.get("name") or resource.id
    arn = str(resource.outputs["arn"])
    if declared.get("packageType", "Zip") != "Zip":
        raise ValueError(f"function {name}: packageType {declared['packageType']!r} needs Docker; deploy a Zip archive")
    code = declared.get("code") or {"bucket": declared.get("s3Bucket"), "key": declared.get("s3Key")}
    logging = declared.get("loggingConfig") or {}
    level = logging.get("applicationLogLevel") or ""
    return Plan(
        name=name,
        arn=arn,
        region=arn.split(":")[3],
        handler=declared["handler"],
        runtime=declared["runtime"],
        code=code,
        architecture=(declared.get("architectures") or ["x86_64"])[0],
        layers=tuple(_find_layer(layer, layers, name) for layer in declared.get("layers") or []),
        environment={key: str(value) for key, value in _variables(declared).items()},
        memory_mb=int(declared.get("memorySize") or 128),
        timeout_s=float(declared.get("timeout") or 3),
        reserved=_reserved(declared.get("reservedConcurrentExecutions")),
        log_group=logging.get("logGroup") or f"/aws/lambda/{name}",
        json_logs=logging.get("logFormat") == "JSON",
        log_level=level,
        dead_letter=(declared.get("deadLetterConfig") or {}).get("targetArn") or "",
        role=str(declared.get("role") or ""),
        key=str(declared.get("kmsKeyArn") or ""),
        placed=bool((declared.get("vpcConfig") or {}).get("subnetIds")),
        versions=_versions(resource, name, arn, ledger),
        asynchronous=_asynchronous(name, arn, ledger),
    )


def _variables(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    return (declared.get("environment") or {}).get("variables") or {}


def _reserved(value: Any) -> int | None:
    """Pulumi writes -1 for "none", and 0 for "switched off"."""
    return None if value is None or int(value) < 0 else int(value)


def _layer(resource: Resource) -> Layer:
    declared = resource.inputs
    code = declared.get("code") or {"bucket": declared.get("s3Bucket"), "key": declared.get("s3Key")}
    return Layer(
        str(resource.outputs.get("arn", "")),
        code,
        tuple(declared.get("compatibleArchitectures") or ()),
        tuple(declared.get("compatibleRuntimes") or ()),
    )


def _find_layer(arn: str, layers: Mapping[str, Layer], name: str) -> Layer:
    if arn not in layers:
        raise ValueError(f"function {name}: layer {arn} is not declared in this stack; declare a LayerVersion for it")
    return layers[arn]


def _is_for(resource: Resource, name: str, arn: str) -> bool:
    return resource.inputs.get("functionName") in {name, arn}


def _versions(resource: Resource, name: str, arn: str, ledger: Ledger) -> dict[str, str]:
    found = {LATEST: LATEST}
    published = str(resource.outputs.get("version") or LATEST)
    found[published] = published
    for alias in ledger.of_type(ALIAS):
        if _is_for(alias, name, arn):
            version = str(alias.inputs["functionVersion"])
            found |= {version: version, str(alias.inputs.get("name") or alias.id): version}
    return found


def _asynchronous(name: str, arn: str, ledger: Ledger) -> dict[str, Asynchronous]:
    found: dict[str, Asynchronous] = {}
    for config in ledger.of_type(EVENT_CONFIG):
        if not _is_for(config, name, arn):
            continue
        declared = config.inputs
        targets = declared.get("destinationConfig") or {}
        retries = declared.get("maximumRetryAttempts")
        found[declared.get("qualifier") or ""] = Asynchronous(
            retries=2 if retries is None else int(retries),
            on_success=(targets.get("onSuccess") or {}).get("destination", ""),
            on_failure=(targets.get("onFailure") or {}).get("destination", ""),
        )
    return found
