"""SageMaker: jobs, models, endpoints and the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one, tagging
from sandbox.rights.actions.keys import by_service, key_arn
from sandbox.rights.actions.roles import passing

SERVICE: Final = "sagemaker.amazonaws.com"

KINDS: Final[Mapping[str, str]] = {
    "EndpointConfig": "endpoint-config",
    "Endpoint": "endpoint",
    "ModelPackageGroup": "model-package-group",
    "Model": "model",
    "ProcessingJob": "processing-job",
    "TrainingJob": "training-job",
    "TransformJob": "transform-job",
}
"""What is named by `…Name` → the beginning of its ARN."""

ROLES: Final = ("RoleArn", "ExecutionRoleArn")

VOLUMES: Final = (
    ("KmsKeyId",),
    ("ResourceConfig", "VolumeKmsKeyId"),
    ("ProcessingResources", "ClusterConfig", "VolumeKmsKeyId"),
    ("TransformResources", "VolumeKmsKeyId"),
)
"""Where an operation names the key of its instances' volumes."""

OUTPUTS: Final = (
    ("OutputDataConfig", "KmsKeyId"),
    ("ProcessingOutputConfig", "KmsKeyId"),
    ("TransformOutput", "KmsKeyId"),
)
"""Where an operation names the key of what it writes; its own role uses that one."""


def named(call: Call, noun: str) -> str:
    """The ARN of a thing that a parameter names; SageMaker writes names in lower case there."""
    name = call.text(f"{noun}Name")
    return name if name.startswith("arn:") else call.arn("sagemaker", f"{KINDS[noun]}/{name.lower()}")


def _at(params: Mapping[str, Any], path: tuple[str, ...]) -> str:
    found: Any = params
    for part in path:
        found = (found or {}).get(part)
    return str(found or "")


def _creates(noun: str) -> Row:
    """Making a thing: with its tags, the role that it runs under, and the key of its volumes."""

    def row(call: Call, state: State) -> Iterable[Need]:
        arn = named(call, noun)
        volume = next((found for path in VOLUMES if (found := _at(call.params, path))), "")
        output = next((found for path in OUTPUTS if (found := _at(call.params, path))), "")
        network = call.params.get("VpcConfig") or (call.params.get("NetworkConfig") or {}).get("VpcConfig") or {}
        facts = {
            **tagging(call),
            **one("sagemaker:volumekmskey", volume or None),
            **one("sagemaker:outputkmskey", output or None),
            **one("sagemaker:networkisolation", _isolated(call.params)),
            **{
                key: tuple(network[member])
                for key, member in (
                    ("sagemaker:vpcsubnets", "Subnets"),
                    ("sagemaker:vpcsecuritygroupids", "SecurityGroupIds"),
                )
                if member in network
            },
        }
        yield Need(f"sagemaker:{call.operation}", (arn,), facts)
        if call.params.get("Tags"):
            yield Need("sagemaker:AddTags", (arn,), tagging(call))
        for role in ROLES:
            yield from passing(call.params.get(role), SERVICE)
        if volume:
            yield from by_service(call, key_arn(call, state, volume), "sagemaker", ["CreateGrant"])

    return row


def _isolated(params: Mapping[str, Any]) -> Any:
    here = params.get("EnableNetworkIsolation")
    return here if here is not None else (params.get("NetworkConfig") or {}).get("EnableNetworkIsolation")


def _updates_endpoint(call: Call, _: State) -> Iterable[Need]:
    yield Need("sagemaker:UpdateEndpoint", (named(call, "Endpoint"), named(call, "EndpointConfig")))


def _registers(call: Call, _: State) -> Iterable[Need]:
    group = call.text("ModelPackageGroupName").rsplit("/", 1)[-1].lower()
    facts = {
        **tagging(call),
        **one("sagemaker:modelapprovalstatus", call.params.get("ModelApprovalStatus")),
        **_metadata(call),
    }
    # SageMaker gives the version its number; that it is the first stands for any.
    arns = [call.arn("sagemaker", f"model-package-group/{group}"), call.arn("sagemaker", f"model-package/{group}/1")]
    alone = [call.arn("sagemaker", f"model-package/{call.text('ModelPackageName').lower()}")]
    yield Need("sagemaker:CreateModelPackage", tuple(arns if group else alone), facts)
    if call.params.get("Tags"):
        yield Need("sagemaker:AddTags", tuple(arns[1:] if group else alone), tagging(call))


def _metadata(call: Call) -> dict[str, tuple[str, ...]]:
    given = call.params.get("CustomerMetadataProperties") or {}
    return {f"sagemaker:customermetadataproperties/{key.lower()}": (str(value),) for key, value in given.items()}


def _package(call: Call) -> str:
    return call.text("ModelPackageArn", "ModelPackageName")


def _updates_package(call: Call, _: State) -> Iterable[Need]:
    facts = {**one("sagemaker:modelapprovalstatus", call.params.get("ModelApprovalStatus")), **_metadata(call)}
    yield Need("sagemaker:UpdateModelPackage", (_package(call),), facts)


def _on(operation: str, noun: str) -> Row:
    return on(f"sagemaker:{operation}", lambda call: named(call, noun))


SAGEMAKER: Final[Table] = {
    "AddTags": on("sagemaker:AddTags", lambda call: call.text("ResourceArn")),
    **{
        f"Create{noun}": _creates(noun)
        for noun in ("EndpointConfig", "Model", "ProcessingJob", "TrainingJob", "TransformJob")
    },
    "CreateModelPackage": _registers,
    **{f"Delete{noun}": _on(f"Delete{noun}", noun) for noun in ("Endpoint", "EndpointConfig", "Model")},
    **{f"Describe{noun}": _on(f"Describe{noun}", noun) for noun in KINDS},
    "DescribeModelPackage": on("sagemaker:DescribeModelPackage", _package),
    "ListModelPackages": anything("sagemaker:ListModelPackages"),
    "ListTags": on("sagemaker:ListTags", lambda call: call.text("ResourceArn")),
    **{f"Stop{noun}": _on(f"Stop{noun}", noun) for noun in ("ProcessingJob", "TrainingJob", "TransformJob")},
    "UpdateEndpoint": _updates_endpoint,
    "UpdateModelPackage": _updates_package,
}


def _invokes(call: Call, _: State) -> Iterable[Need]:
    facts = one("sagemaker:targetmodel", call.params.get("TargetModel"))
    action = "InvokeEndpointAsync" if call.operation == "InvokeEndpointAsync" else "InvokeEndpoint"
    yield Need(f"sagemaker:{action}", (named(call, "Endpoint"),), facts)


RUNTIME: Final[Table] = dict.fromkeys(
    ("InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"), _invokes
)
