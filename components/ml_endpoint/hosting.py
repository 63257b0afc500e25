"""How a model is served, in the words of the SageMaker API: one source for the program and for later promotions.

The program creates the first endpoint configuration and the training workflow creates the next ones. Both take
their values from here, so a promotion never changes instance type, capture or rollback by accident.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from pulumi import Input

VARIANT: Final = "live"
"""Name of the one production variant; its metrics and its scaling target carry it."""

SERVING_ENVIRONMENT: Final = {
    "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
    "SAGEMAKER_PROGRAM": "serve.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
"""What the framework container needs to find serve.py inside model.tar.gz."""

# SageMaker refuses a volume key for instance types with local NVMe storage, which the instance encrypts by itself.
_LOCAL_STORAGE: Final = re.compile(
    r"^ml\.([a-z]\d+[a-z]*d[a-z]*|g4dn|g5|g6|g6e|gr6|i\d\w*|p3dn|p4d|p4de|p5|p5e|p5en|trn1|trn1n)\."
)
_BURSTABLE: Final = re.compile(r"^ml\.t\d")
_INSTANCE_TYPE: Final = re.compile(r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
_SERVERLESS_MEMORY_MB: Final = (1024, 2048, 3072, 4096, 5120, 6144)
_MODES: Final = ("instances", "serverless")


class HostingShape(TypedDict):
    """The parts of CreateModel, CreateEndpointConfig and UpdateEndpoint that every version shares."""

    OwnConfigurations: str
    """Pattern of the names of the program's own configurations, to which a failed promotion may have to go back."""
    Container: dict[str, Input[Any]]
    """Image and environment of the primary container, without the model data."""
    Model: dict[str, Input[Any]]
    """Members of CreateModel beside name and container: role, network."""
    Variant: dict[str, Input[Any]]
    """The production variant, without the model's name."""
    Config: dict[str, Input[Any]]
    """Members of CreateEndpointConfig beside name and variants: data capture, volume key."""
    Update: dict[str, Input[Any]]
    """Members of UpdateEndpoint beside the names: how traffic moves and what rolls it back."""


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """How one endpoint serves, as plain settings."""

    mode: str = "instances"
    """instances, or serverless, which AWS cannot isolate, place in a network, capture from or roll back."""
    instance_type: str = "ml.c5.xlarge"
    """Instance that serves; not for serverless."""
    min_instances: int = 1
    """Fewest instances, 1 or more; not for serverless."""
    max_instances: int = 5
    """Most instances; equal to minInstances nothing scales. Not for serverless."""
    invocations_per_instance: int = 1000
    """Invocations a minute and instance that scaling aims at; not for serverless."""
    memory_mb: int = 2048
    """Memory of a serverless endpoint: 1024 to 6144 in steps of 1024."""
    max_concurrency: int = 5
    """Calls at once of a serverless endpoint, 1 to 200."""
    capture_percent: int = 100
    """Share of requests that is kept for monitoring, 0 to 100; not for serverless."""

    @property
    def serverless(self) -> bool:
        """True where SageMaker owns the instances, which rules out VPC, isolation, capture and guarded rollout."""
        return self.mode == "serverless"

    @property
    def scales(self) -> bool:
        """True where the number of instances follows the load."""
        return not self.serverless and self.max_instances > self.min_instances

    @property
    def captures(self) -> bool:
        """True where requests and answers are kept for monitoring; serverless endpoints cannot capture."""
        return not self.serverless and self.capture_percent > 0

    def problems(self) -> list[str]:
        """Every setting that AWS would refuse, each with what is allowed."""
        if self.mode not in _MODES:
            return [f"mode is {self.mode!r}; allowed: {', '.join(_MODES)}"]
        return self._serverless_problems() if self.serverless else self._instance_problems()

    def _serverless_problems(self) -> list[str]:
        found = []
        if self.memory_mb not in _SERVERLESS_MEMORY_MB:
            found.append(f"memory_mb is {self.memory_mb}; allowed: {', '.join(map(str, _SERVERLESS_MEMORY_MB))}")
        if not 1 <= self.max_concurrency <= 200:
            found.append(f"max_concurrency is {self.max_concurrency}; allowed: 1 to 200")
        return found

    def _instance_problems(self) -> list[str]:
        found = []
        if not _INSTANCE_TYPE.match(self.instance_type):
            found.append(f"instance_type is {self.instance_type!r}; allowed: a SageMaker type such as ml.c5.xlarge")
        if not 1 <= self.min_instances <= self.max_instances:
            found.append(
                f"min_instances is {self.min_instances} and max_instances {self.max_instances}; "
                "allowed: 1 <= min_instances <= max_instances"
            )
        if _BURSTABLE.match(self.instance_type) and self.scales:
            found.append(
                f"instance_type {self.instance_type} cannot scale; "
                "set max_instances to min_instances or choose a type that is not burstable"
            )
        if self.invocations_per_instance < 1:
            found.append(f"invocations_per_instance is {self.invocations_per_instance}; allowed: 1 or more a minute")
        if not 0 <= self.capture_percent <= 100:
            found.append(f"capture_percent is {self.capture_percent}; allowed: 0 (off) to 100")
        return found


def takes_volume_key(instance_type: str) -> bool:
    """True where a KMS key for the instance's volume is accepted; types with local NVMe storage refuse one."""
    return not _LOCAL_STORAGE.match(instance_type)


def production_variant(hosting: Hosting) -> dict[str, Any]:
    """The production variant without its model, as CreateEndpointConfig takes it."""
    common = {"VariantName": VARIANT, "InitialVariantWeight": 1}
    if hosting.serverless:
        sizes = {"MemorySizeInMB": hosting.memory_mb, "MaxConcurrency": hosting.max_concurrency}
        return {**common, "ServerlessConfig": sizes}
    return {**common, "InitialInstanceCount": hosting.min_instances, "InstanceType": hosting.instance_type}


def configuration(hosting: Hosting, key_arn: Input[str], capture_uri: Input[str] | None) -> dict[str, Any]:
    """Data capture and volume key as CreateEndpointConfig takes them; empty for serverless."""
    members: dict[str, Any] = {}
    if hosting.captures and capture_uri is not None:
        members["DataCaptureConfig"] = {
            "EnableCapture": True,
            "InitialSamplingPercentage": hosting.capture_percent,
            "DestinationS3Uri": capture_uri,
            "KmsKeyId": key_arn,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
    if not hosting.serverless and takes_volume_key(hosting.instance_type):
        members["KmsKeyId"] = key_arn
    return members


def deployment(hosting: Hosting, alarm_names: Sequence[str]) -> dict[str, Any] | None:
    """A blue/green shift that the named alarms roll back, as UpdateEndpoint takes it; None for serverless.

    The new fleet takes all traffic at once and is watched for five minutes before the old one ends: canary and linear
    shifts need two instances or more, which a small endpoint does not have.
    """
    if hosting.serverless:
        return None
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300},
            "TerminationWaitInSeconds": 120,
            "MaximumExecutionTimeoutInSeconds": 3600,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarm_names]},
    }


def as_inputs(members: Any) -> Any:
    """The same document with Pulumi's names: ``InitialInstanceCount`` becomes ``initial_instance_count``."""
    if isinstance(members, dict):
        return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower(): as_inputs(value) for key, value in members.items()}
    if isinstance(members, list):
        return [as_inputs(value) for value in members]
    return members


def configuration_inputs(members: Mapping[str, Any]) -> dict[str, Any]:
    """Data capture and volume key with Pulumi's names; Pulumi calls the volume's key otherwise than the API does."""
    found = dict(as_inputs(dict(members)))
    if "kms_key_id" in found:
        found["kms_key_arn"] = found.pop("kms_key_id")
    return found
