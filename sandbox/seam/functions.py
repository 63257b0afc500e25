"""Answers of the provider's functions that the program may call; one that is not here is refused by name."""

from __future__ import annotations

import hashlib
import json
import random
import string
from collections.abc import Callable, Mapping
from typing import Any

Function = Callable[[Mapping[str, Any], str, str], dict[str, Any]]
"""Arguments, region and account to the answer, camelCase."""

# Accounts that hold SageMaker's prebuilt scikit-learn and XGBoost images
# (SageMaker AI Developer Guide, "Docker Registry Paths and Example Code").
_FRAMEWORK_ACCOUNTS = {
    "us-east-1": "683313688378",
    "us-east-2": "257758044811",
    "us-west-1": "746614075791",
    "us-west-2": "246618743249",
    "ca-central-1": "341280168497",
    "eu-central-1": "492215442770",
    "eu-north-1": "662702820516",
    "eu-west-1": "141502667606",
    "eu-west-2": "764974769150",
    "eu-west-3": "659782779980",
    "ap-northeast-1": "354813040037",
    "ap-northeast-2": "366743142698",
    "ap-south-1": "720646828776",
    "ap-southeast-1": "121021644041",
    "ap-southeast-2": "783357654285",
    "sa-east-1": "737474898029",
}
_FRAMEWORK_IMAGES = {"sagemaker-xgboost", "sagemaker-scikit-learn"}
_ZONES = {"us-east-1": "abcdef", "us-west-2": "abcd", "us-west-1": "ac", "ca-central-1": "abd", "ap-northeast-1": "acd"}


def _caller(_arguments: Mapping[str, Any], _region: str, account: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{account}:user/sandbox"
    return {"accountId": account, "arn": arn, "id": account, "userId": "AIDASANDBOXSANDBOX00"}


def _region(arguments: Mapping[str, Any], region: str, _account: str) -> dict[str, Any]:
    name = str(arguments.get("region") or arguments.get("name") or region)
    endpoint = f"ec2.{name}.amazonaws.com"
    return {"name": name, "region": name, "id": name, "description": name, "endpoint": endpoint}


def _partition(_arguments: Mapping[str, Any], _region: str, _account: str) -> dict[str, Any]:
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws", "id": "aws"}


def _zones(_arguments: Mapping[str, Any], region: str, _account: str) -> dict[str, Any]:
    letters = _ZONES.get(region, "abc")
    names = [f"{region}{letter}" for letter in letters]
    return {
        "id": region,
        "names": names,
        "zoneIds": [f"{region}-az{n}" for n, _ in enumerate(names, 1)],
        "groupNames": [region],
    }


def _image(arguments: Mapping[str, Any], region: str, _account: str) -> dict[str, Any]:
    repository = str(arguments["repositoryName"])
    tag = str(arguments.get("imageTag") or "latest")
    if repository not in _FRAMEWORK_IMAGES:
        raise ValueError(f"no account is known for image {repository!r}; known: {', '.join(sorted(_FRAMEWORK_IMAGES))}")
    if region not in _FRAMEWORK_ACCOUNTS:
        raise ValueError(
            f"no account is known for {repository!r} in {region!r}; known: {', '.join(_FRAMEWORK_ACCOUNTS)}"
        )
    registry = _FRAMEWORK_ACCOUNTS[region]
    path = f"{registry}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}"
    return {**arguments, "id": registry, "registryId": registry, "registryPath": path, "region": region}


def _prefix_list(arguments: Mapping[str, Any], region: str, _account: str) -> dict[str, Any]:
    name = str(arguments.get("name") or f"com.amazonaws.{region}.s3")
    number = hashlib.sha256(name.encode()).hexdigest()[:8]
    return {"id": f"pl-{number}", "prefixListId": f"pl-{number}", "name": name, "cidrBlocks": []}


def _document(arguments: Mapping[str, Any], _region: str, _account: str) -> dict[str, Any]:
    statements = []
    for declared in arguments.get("statements") or []:
        statement: dict[str, Any] = {"Effect": declared.get("effect", "Allow")}
        statement["Sid"] = declared.get("sid", "")
        for key, name in (("actions", "Action"), ("notActions", "NotAction"), ("resources", "Resource")):
            if declared.get(key):
                statement[name] = _one_or_many(declared[key])
        for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
            if declared.get(key):
                statement[name] = _principals(declared[key])
        for condition in declared.get("conditions") or []:
            tests = statement.setdefault("Condition", {})
            tests.setdefault(condition["test"], {})[condition["variable"]] = _one_or_many(condition["values"])
        statements.append({key: value for key, value in statement.items() if value != ""})
    text = json.dumps({"Version": arguments.get("version", "2012-10-17"), "Statement": statements}, indent=2)
    return {
        "id": hashlib.sha256(text.encode()).hexdigest()[:10],
        "json": text,
        "minifiedJson": json.dumps(json.loads(text)),
    }


def _one_or_many(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else sorted(values)


def _principals(declared: list[Mapping[str, Any]]) -> Any:
    if [dict(item) for item in declared] == [{"type": "*", "identifiers": ["*"]}]:
        return "*"
    return {str(item["type"]): _one_or_many(item["identifiers"]) for item in declared}


def _password(arguments: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
    """A password that AWS would draw; here it follows from the arguments, so that two runs declare the same."""
    groups = [
        alphabet
        for flag, alphabet in (
            ("excludeLowercase", string.ascii_lowercase),
            ("excludeUppercase", string.ascii_uppercase),
            ("excludeNumbers", string.digits),
            ("excludePunctuation", string.punctuation),
        )
        if not arguments.get(flag)
    ] + ([" "] if arguments.get("includeSpace") else [])
    excluded = set(arguments.get("excludeCharacters") or "")
    groups = [kept for kept in ("".join(c for c in group if c not in excluded) for group in groups) if kept]
    length = int(arguments.get("passwordLength") or 32)
    draw = random.Random(json.dumps([dict(arguments), region, account], sort_keys=True))
    # One of each kind first, as the service does it by default.
    drawn = [draw.choice(group) for group in groups[:length]]
    drawn += [draw.choice("".join(groups)) for _ in range(length - len(drawn))]
    draw.shuffle(drawn)
    return {**arguments, "id": region, "region": region, "randomPassword": "".join(drawn)}


FUNCTIONS: dict[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:sagemaker/getPrebuiltEcrImage:getPrebuiltEcrImage": _image,
    "aws:ec2/getPrefixList:getPrefixList": _prefix_list,
    "aws:secretsmanager/getRandomPassword:getRandomPassword": _password,
    "aws:iam/getPolicyDocument:getPolicyDocument": _document,
}
