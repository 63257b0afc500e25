"""SageMaker: models that reach nothing, instances that are encrypted, endpoints that survive a zone and a bad model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from policies.conditions import all_of, is_on, must_be, must_be_set
from policies.resources import Node, Unknown, read, rows
from policies.rule import Rule

MODEL = "aws:sagemaker/model:Model"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
NOTEBOOK = "aws:sagemaker/notebookInstance:NotebookInstance"
DOMAIN = "aws:sagemaker/domain:Domain"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
SCALING_TARGET = "aws:appautoscaling/target:Target"
SCALING_POLICY = "aws:appautoscaling/policy:Policy"

LOCAL_STORAGE = re.compile(
    r"^ml\.(?:[a-z]\d+[a-z]*d[a-z]*|g4dn|g5|g6|g6e|gr6|i\d\w*|p3dn|p4d|p4de|p5|p5e|p5en|trn1|trn1n)\."
)
"""Instance types with local NVMe storage: the hardware encrypts it, and CreateEndpointConfig refuses a key for it."""


def serverless(variant: object) -> bool:
    """True where SageMaker owns the instances: no VPC, isolation, capture or volume can be chosen."""
    return bool(read(variant, "serverlessConfig"))


def only_serverless(model: Node) -> bool:
    """True where every variant that serves the model is serverless."""
    ours = [
        variant
        for configuration in model.stack.of_type(CONFIGURATION)
        for variant in configuration.rows("productionVariants")
        if _serves(configuration, variant, model)
    ]
    return bool(ours) and all(serverless(variant) for variant in ours)


def _serves(configuration: Node, variant: Any, model: Node) -> bool:
    if isinstance(variant, Unknown):
        variant.use()
    name = variant.get("modelName")
    if isinstance(name, str) and model.named:
        return name in model.identities
    return configuration.comes_from("productionVariants", model)


def isolated(model: Node) -> Iterable[str]:
    """The container can reach nothing."""
    if not is_on(model.props, "enableNetworkIsolation") and not only_serverless(model):
        yield "enableNetworkIsolation is False; allowed: True"


def in_own_network(model: Node) -> Iterable[str]:
    """Where the stack has a network of its own, models stand in it."""
    if model.stack.of_type(VPC) and not model.rows("vpcConfig.subnets") and not only_serverless(model):
        yield "vpcConfig has no subnets, though the stack has a VPC"


def volume_encrypted(configuration: Node) -> Iterable[str]:
    """Volumes that can take a key of ours have one."""
    types = [read(row, "instanceType") for row in configuration.rows("productionVariants") if not serverless(row)]
    takes_key = [name for name in types if name and not LOCAL_STORAGE.match(name)]
    refuses = [name for name in types if name and LOCAL_STORAGE.match(name)]
    if takes_key and not refuses and not configuration.read("kmsKeyArn"):
        yield f"kmsKeyArn is not set with {', '.join(takes_key)}"
    if refuses and configuration.read("kmsKeyArn"):
        yield f"kmsKeyArn is set with {', '.join(refuses)}, whose local storage encrypts itself: SageMaker refuses it"


def capture_encrypted(configuration: Node) -> Iterable[str]:
    """Captured requests and answers are encrypted by a key of ours."""
    capture = configuration.read("dataCaptureConfig", {})
    if is_on(capture, "enableCapture") and not read(capture, "kmsKeyId"):
        yield "dataCaptureConfig.kmsKeyId is not set"


def several_instances(configuration: Node) -> Iterable[str]:
    """A network of several zones promises to survive one: then two instances are the least."""
    zones = {
        zone
        for subnet in configuration.stack.of_type(SUBNET)
        if isinstance(zone := subnet.props.get("availabilityZone"), str)
    }
    for row in configuration.rows("productionVariants"):
        count = float(read(row, "initialInstanceCount", 0))
        if len(zones) > 1 and not serverless(row) and count < 2:
            yield f"initialInstanceCount of {read(row, 'variantName')!r} is {count:g}; allowed: 2 or more"


def scaling_keeps_two(target: Node) -> Iterable[str]:
    """Scaling in stops at two instances in a network of several zones."""
    zones = {
        zone for subnet in target.stack.of_type(SUBNET) if isinstance(zone := subnet.props.get("availabilityZone"), str)
    }
    least = float(target.read("minCapacity", 0))
    if target.read("serviceNamespace") == "sagemaker" and len(zones) > 1 and least < 2:
        yield f"minCapacity is {least:g}; allowed: 2 or more in a network of {len(zones)} zones"


def captured(configuration: Node) -> Iterable[str]:
    """Requests and answers of instances are kept, so that drift can be seen."""
    variants = configuration.rows("productionVariants")
    if variants and all(serverless(row) for row in variants):
        return
    if not is_on(configuration.read("dataCaptureConfig", {}), "enableCapture"):
        yield "dataCaptureConfig.enableCapture is not True"


def scales(endpoint: Node) -> Iterable[str]:
    """The instances of an endpoint follow its traffic."""
    configuration = endpoint.target("endpointConfigName", CONFIGURATION)
    variants = configuration.rows("productionVariants") if configuration else []
    if variants and all(serverless(row) or read(row, "managedInstanceScaling") for row in variants):
        return
    for token, noun in ((SCALING_TARGET, "target"), (SCALING_POLICY, "policy")):
        if not any(_about(node, endpoint) for node in endpoint.stack.of_type(token) if node.region == endpoint.region):
            yield f"no scaling {noun} is about its variants"


def _about(scaling: Node, endpoint: Node) -> bool:
    if isinstance(scaling.props.get("resourceId"), Unknown) and scaling.comes_from("resourceId", endpoint):
        return True
    return str(scaling.read("resourceId", "")).startswith(f"endpoint/{endpoint.read('name')}/variant/")


def rolls_back(endpoint: Node) -> Iterable[str]:
    """An update of an endpoint with instances is taken back by alarms."""
    configuration = endpoint.target("endpointConfigName", CONFIGURATION)
    variants = configuration.rows("productionVariants") if configuration else []
    if variants and all(serverless(row) for row in variants):
        return
    if not rows(endpoint.read("deploymentConfig", {}), "autoRollbackConfiguration.alarms"):
        yield "deploymentConfig.autoRollbackConfiguration has no alarms"


RULES = (
    Rule(
        id="sagemaker-model-isolated",
        severity="high",
        controls=("FSBP SageMaker.5",),
        types=(MODEL,),
        scope="stack",
        what="A model's container has no network, unless it is served without instances of ours.",
        why="Code inside a model archive could send the data of every request away.",
        mend="set enable_network_isolation to True",
        check=isolated,
    ),
    Rule(
        id="sagemaker-model-in-own-network",
        severity="medium",
        controls=("FSBP SageMaker.2",),
        types=(MODEL,),
        scope="stack",
        what="In a stack with a VPC, models on instances stand in it.",
        why="Archives and captured data would travel outside of the network that is watched.",
        mend="set vpc_config with private subnets and a security group",
        check=in_own_network,
    ),
    Rule(
        id="sagemaker-volume-encrypted",
        severity="high",
        types=(CONFIGURATION,),
        what="Volumes of instances are encrypted by a key of ours, where the instance type takes one.",
        why="The volume holds the model and what requests left behind.",
        mend="set kms_key_arn, or leave it out for types with local NVMe storage",
        check=volume_encrypted,
    ),
    Rule(
        id="sagemaker-capture-encrypted",
        severity="high",
        types=(CONFIGURATION,),
        what="Captured requests and answers are encrypted by a key of ours.",
        why="They are the most personal data that the platform keeps.",
        mend="set data_capture_config.kms_key_id",
        check=capture_encrypted,
    ),
    Rule(
        id="sagemaker-several-instances",
        severity="medium",
        controls=("FSBP SageMaker.4",),
        types=(CONFIGURATION,),
        scope="stack",
        what="In a network of several zones every variant starts with two instances or more.",
        why="SageMaker spreads instances over zones only where there are several.",
        mend="set initial_instance_count to 2 or more",
        check=several_instances,
    ),
    Rule(
        id="sagemaker-scaling-keeps-two",
        severity="medium",
        controls=("FSBP SageMaker.4",),
        types=(SCALING_TARGET,),
        scope="stack",
        what="In a network of several zones auto-scaling keeps two instances.",
        why="A quiet night would leave one instance in one zone.",
        mend="set min_capacity to 2 or more",
        check=scaling_keeps_two,
    ),
    Rule(
        id="sagemaker-requests-captured",
        severity="medium",
        controls=("ML Lens MLPERF06-BP03", "ML Lens MLPERF06-BP04"),
        types=(CONFIGURATION,),
        what="Requests and answers of models on instances are captured.",
        why="Drift is found by comparing what is asked with what was trained on.",
        mend="set data_capture_config.enable_capture to True",
        check=captured,
    ),
    Rule(
        id="sagemaker-endpoint-scales",
        severity="medium",
        controls=("ML Lens MLREL05-BP01", "ML Lens MLCOST06-BP03"),
        types=(ENDPOINT,),
        scope="stack",
        what="The instances of an endpoint follow its traffic.",
        why="A fixed number is too small on one day and paid for in vain on all others.",
        mend="add an appautoscaling Target and Policy for each variant, or managed_instance_scaling",
        check=scales,
    ),
    Rule(
        id="sagemaker-update-rolls-back",
        severity="medium",
        controls=("ML Lens MLREL04-BP02",),
        types=(ENDPOINT,),
        scope="stack",
        what="An update of an endpoint with instances is taken back by alarms.",
        why="A model that fails would serve until somebody wakes up.",
        mend="set deployment_config.auto_rollback_configuration.alarms",
        check=rolls_back,
    ),
    Rule(
        id="sagemaker-notebook-closed",
        severity="high",
        controls=("FSBP SageMaker.1", "FSBP SageMaker.2", "FSBP SageMaker.3"),
        types=(NOTEBOOK,),
        what="A notebook stands in the VPC, without internet access and root, encrypted by a key of ours.",
        why="Notebooks hold data and run whatever is pasted into them.",
        mend="set direct_internet_access Disabled, root_access Disabled, subnet_id and kms_key_id",
        check=all_of(
            must_be("directInternetAccess", "Disabled", default="Enabled"),
            must_be("rootAccess", "Disabled", default="Enabled"),
            must_be_set("subnetId", "kmsKeyId"),
        ),
    ),
    Rule(
        id="sagemaker-notebook-stops",
        severity="low",
        controls=("ML Lens MLCOST04-BP08",),
        types=(NOTEBOOK,),
        what="A notebook has a lifecycle configuration, which stops it when nobody works in it.",
        why="A forgotten notebook costs as much as one that is used.",
        mend="set lifecycle_config_name to a configuration that stops it after half an hour without work",
        check=must_be_set("lifecycleConfigName"),
    ),
    Rule(
        id="sagemaker-domain-closed",
        severity="high",
        controls=("FSBP SageMaker.2",),
        types=(DOMAIN,),
        what="A domain sends its traffic through the VPC, and is encrypted by a key of ours.",
        why="Notebooks hold data and run whatever is pasted into them.",
        mend="set app_network_access_type VpcOnly and kms_key_id",
        check=all_of(
            must_be("appNetworkAccessType", "VpcOnly", default="PublicInternetOnly"),
            must_be_set("kmsKeyId"),
        ),
    ),
)
