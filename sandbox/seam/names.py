"""Physical names and tags as the engine and the AWS provider give them, but the same on every run."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_NAMED_BY = {
    # The property that carries the physical name where it is not called `name`.
    "aws:s3/bucket:Bucket": "bucket",
    "aws:elasticache/replicationGroup:ReplicationGroup": "replicationGroupId",
    "aws:rds/cluster:Cluster": "clusterIdentifier",
    "aws:rds/instance:Instance": "identifier",
    "aws:sagemaker/domain:Domain": "domainName",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "modelPackageGroupName",
}
_NOT_NAMED = {"aws:route53/record:Record", "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"}
_LONGEST = {
    # Limits of the service; 255 where it has none that a program would meet.
    "aws:s3/bucket:Bucket": 63,
    "aws:elasticache/replicationGroup:ReplicationGroup": 40,
    "aws:iam/role:Role": 64,
    "aws:lambda/function:Function": 64,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:sagemaker/model:Model": 63,
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": 63,
    "aws:sagemaker/endpoint:Endpoint": 63,
    "aws:sfn/stateMachine:StateMachine": 80,
    "aws:sqs/queue:Queue": 80,
    "aws:cognito/userPool:UserPool": 128,
    "aws:wafv2/webAcl:WebAcl": 128,
}
_LOWER = {
    "aws:s3/bucket:Bucket",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:elasticache/subnetGroup:SubnetGroup",
    "aws:elasticache/parameterGroup:ParameterGroup",
    "aws:rds/subnetGroup:SubnetGroup",
    "aws:rds/cluster:Cluster",
    "aws:ecr/repository:Repository",
}


def hexadecimal(text: str, length: int) -> str:
    """`length` lower-case hexadecimal digits that depend on the text alone."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def autoname(token: str, name: str, urn: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """The name property to add when none was declared: the program's name, a dash and seven hexadecimal digits."""
    field = _NAMED_BY.get(token, "name")
    if token in _NOT_NAMED or inputs.get(field) or field not in input_names(token):
        return {}
    longest = _LONGEST.get(token, 255)
    prefix = inputs.get(f"{field}Prefix")
    if prefix:
        return {field: f"{prefix}{hexadecimal(urn, min(26, longest - len(prefix)))}"}
    made = f"{name[: longest - 8]}-{hexadecimal(urn, 7)}"
    if token.endswith(":Alias") and token.startswith("aws:kms/"):
        made = f"alias/{made}"
    if inputs.get("fifoQueue") or inputs.get("fifoTopic"):
        made = f"{made[: longest - 5]}.fifo"
    return {field: made.lower() if token in _LOWER else made}


def documents(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Policies that were declared as structures, as the JSON text that the provider makes of them."""
    return {
        key: json.dumps(inputs[key], sort_keys=True)
        for key in ("policy", "assumeRolePolicy", "policyDocument")
        if isinstance(inputs.get(key), dict)
    }


def tagged(token: str, inputs: Mapping[str, Any], defaults: Mapping[str, str]) -> dict[str, Any]:
    """`tagsAll` for a type that takes tags: the provider's default tags under the declared ones; {} for other types."""
    if "tags" not in input_names(token):
        return {}
    return {"tagsAll": {**defaults, **(inputs.get("tags") or {})}}


def default_tags(provider_inputs: Mapping[str, Any]) -> dict[str, str]:
    """The default tags of a provider, whose nested inputs travel as JSON text."""
    declared = provider_inputs.get("defaultTags") or {}
    if isinstance(declared, str):
        declared = json.loads(declared)
    return {str(key): str(value) for key, value in (declared.get("tags") or {}).items()}


_SNAKE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_INPUTS: Final = re.compile(r"def _internal_init\(__self__,(.*?)__props__=None", re.DOTALL)
_PARAMETER: Final = re.compile(r"^ +(\w+): ", re.MULTILINE)


@cache
def input_names(token: str) -> frozenset[str]:
    """The inputs (camelCase) of an AWS type, read from its class; empty for a type of another package."""
    package, module, name = token.split(":")
    if package != "aws":
        return frozenset()
    folder = module.split("/")[0]
    folder = f"{folder}_" if folder == "lambda" else folder
    loaded = sys.modules.get(f"pulumi_aws.{folder}")
    if type(loaded) is ModuleType and name in vars(loaded):
        code = vars(vars(loaded)[name])["_internal_init"].__code__  # the one place that lists a type's inputs
        names = code.co_varnames[: code.co_argcount]
        return frozenset(camel(parameter) for parameter in names if not parameter.startswith("__"))
    return _listed(folder, name)


def _listed(folder: str, name: str) -> frozenset[str]:
    """The same from the text of the class: a program that names a type by its token has not loaded its module."""
    root = importlib.util.find_spec("pulumi_aws")
    path = Path(str(root and root.origin)).parent / folder / f"{_SNAKE.sub('_', name).lower()}.py"
    found = _INPUTS.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError(f"{path.name} lists no inputs; the provider's package has another form now")
    return frozenset(camel(parameter) for parameter in _PARAMETER.findall(found.group(1)))


def camel(name: str) -> str:
    """`kms_key_id` as `kmsKeyId`."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)
