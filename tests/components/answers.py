"""What AWS would answer: outputs of resources and answers of provider functions, as rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-east-1"
_ZONES = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]


def _arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def _function(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("lambda", f"function:{inputs.get('name', name)}")
    return {"arn": arn, "invokeArn": _invoke(arn), "version": "1", "qualifiedArn": f"{arn}:1"}


def _invoke(arn: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _alias(_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("lambda", f"function:{inputs['functionName']}:{inputs['name']}")
    return {"arn": arn, "invokeArn": _invoke(arn)}


def _bucket(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    bucket = inputs.get("bucket") or f"{inputs.get('bucketPrefix', f'{name}-')}{digest(name)[:7]}"
    return {
        "id": bucket,
        "bucket": bucket,
        "arn": f"arn:aws:s3:::{bucket}",
        "bucketDomainName": f"{bucket}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{bucket}.s3.{REGION}.amazonaws.com",
    }


def _key(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": digest(name), "keyId": digest(name), "arn": _arn("kms", f"key/{digest(name)}")}


def _api(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    api = digest(name)[:10]
    return {
        "id": api,
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{api}",
        "executionArn": _arn("execute-api", api),
        "rootResourceId": digest(name)[:8],
    }


def _cluster(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    cluster = inputs.get("clusterIdentifier", name)
    secret = _arn("secretsmanager", f"secret:rds!cluster-{digest(name)[:8]}-AbCdEf")
    return {
        "arn": _arn("rds", f"cluster:{cluster}"),
        "clusterIdentifier": cluster,
        "endpoint": f"{cluster}.cluster-abc.{REGION}.rds.amazonaws.com",
        "readerEndpoint": f"{cluster}.cluster-ro-abc.{REGION}.rds.amazonaws.com",
        "masterUserSecrets": [{"secretArn": secret, "secretStatus": "active", "kmsKeyId": ""}],
    }


def _proxy(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": _arn("rds", f"db-proxy:prx-{digest(name)[:17]}"),
        "endpoint": f"{inputs.get('name', name)}.proxy-abc.{REGION}.rds.amazonaws.com",
    }


def _stage(_name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    api, stage = inputs["restApi"], inputs["stageName"]
    return {
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{api}/stages/{stage}",
        "executionArn": _arn("execute-api", f"{api}/{stage}"),
        "invokeUrl": f"https://{api}.execute-api.{REGION}.amazonaws.com/{stage}",
    }


def _pool(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    pool = f"{REGION}_{digest(name)[:9]}"
    return {
        "id": pool,
        "arn": _arn("cognito-idp", f"userpool/{pool}"),
        "endpoint": f"cognito-idp.{REGION}.amazonaws.com/{pool}",
    }


def _named(service: str, kind: str = "{}", **more: str) -> Callable[[str, Mapping[str, Any]], dict[str, Any]]:
    def make(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        physical = str(inputs.get("name", name))
        return {
            "arn": _arn(service, kind.format(physical)),
            "id": physical,
            **{key: value.format(physical) for key, value in more.items()},
        }

    return make


def _role(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    physical = inputs.get("name", name)
    return {"id": physical, "arn": _arn("iam", f"role/{physical}", region=""), "uniqueId": digest(name)[:20]}


def _table(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("dynamodb", f"table/{inputs.get('name', name)}")
    stream = f"{arn}/stream/2026-01-01T00:00:00.000"
    found = {"id": inputs.get("name", name), "arn": arn, "streamArn": stream}
    if inputs.get("replicas"):
        found["replicas"] = [
            {**replica, "streamArn": stream.replace(REGION, replica["regionName"])} for replica in inputs["replicas"]
        ]
    return found


def _cache(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    group = inputs.get("replicationGroupId", name)
    return {
        "id": group,
        "arn": _arn("elasticache", f"replicationgroup:{group}"),
        "primaryEndpointAddress": f"master.{group}.abc123.use1.cache.amazonaws.com",
        "readerEndpointAddress": f"replica.{group}.abc123.use1.cache.amazonaws.com",
        "memberClusters": [f"{group}-{index + 1:03}" for index in range(int(inputs.get("numCacheClusters", 1)))],
    }


def _vpc(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": _arn("ec2", f"vpc/vpc-{digest(name)[:17]}"),
        "id": f"vpc-{digest(name)[:17]}",
        "defaultSecurityGroupId": f"sg-{digest(name)[:17]}",
        "defaultNetworkAclId": f"acl-{digest(name)[:17]}",
        "mainRouteTableId": f"rtb-{digest(name)[:17]}",
    }


def _distribution(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    distribution = f"E{digest(name)[:13].upper()}"
    return {
        "id": distribution,
        "arn": _arn("cloudfront", f"distribution/{distribution}", region=""),
        "domainName": f"d{digest(name)[:13]}.cloudfront.net",
        "hostedZoneId": "Z2FDTNDATAQYW2",
    }


def _certificate(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    domain = inputs["domainName"]
    proof = {
        "domainName": domain,
        "resourceRecordName": f"_{digest(name)}.{domain}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{digest(domain)}.acm-validations.aws.",
    }
    return {"arn": _arn("acm", f"certificate/{digest(name)}"), "domainValidationOptions": [proof]}


def _balancer(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    physical = inputs.get("name", name)
    suffix = f"app/{physical}/{digest(name)[:16]}"
    arn = _arn("elasticloadbalancing", f"loadbalancer/{suffix}")
    host = f"{physical}-1234567890.{REGION}.elb.amazonaws.com"
    return {"id": arn, "arn": arn, "arnSuffix": suffix, "dnsName": host, "zoneId": "Z35SXDOTRQ7X7K"}


def _targets(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    suffix = f"targetgroup/{inputs.get('name', name)}/{digest(name)[:16]}"
    arn = _arn("elasticloadbalancing", suffix)
    return {"id": arn, "arn": arn, "arnSuffix": suffix}


def _accelerator(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("globalaccelerator", f"accelerator/{digest(name)[:8]}", region="")
    return {
        "id": arn,
        "arn": arn,
        "dnsName": f"a{digest(name)[:16]}.awsglobalaccelerator.com",
        "hostedZoneId": "Z2BJ6XQ5FK7U4H",
    }


def _guardrail(name: str, _inputs: Mapping[str, Any]) -> dict[str, Any]:
    guardrail = digest(name)[:12]
    return {"guardrailId": guardrail, "guardrailArn": _arn("bedrock", f"guardrail/{guardrail}"), "version": "DRAFT"}


def _queue(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    physical = inputs.get("name", name)
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{physical}"
    return {"id": url, "url": url, "arn": _arn("sqs", str(physical))}


OUTPUTS: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:apigateway/restApi:RestApi": _api,
    "aws:apigateway/stage:Stage": _stage,
    "aws:acm/certificate:Certificate": _certificate,
    "aws:acm/certificateValidation:CertificateValidation": lambda _, inputs: {"id": inputs["certificateArn"]},
    "aws:bedrock/guardrail:Guardrail": _guardrail,
    "aws:bedrock/guardrailVersion:GuardrailVersion": lambda _name, _inputs: {"version": "1"},
    "aws:cloudfront/distribution:Distribution": _distribution,
    "aws:globalaccelerator/accelerator:Accelerator": _accelerator,
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:lb/targetGroup:TargetGroup": _targets,
    "aws:route53/record:Record": lambda _, inputs: {"fqdn": str(inputs["name"]).rstrip(".")},
    "aws:cloudwatch/logGroup:LogGroup": _named("logs", "log-group:{}"),
    "aws:cloudwatch/eventRule:EventRule": _named("events", "rule/{}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:{}"),
    "aws:cognito/userPool:UserPool": _pool,
    "aws:lambda/invocation:Invocation": lambda _name, _inputs: {"result": "{}"},
    "aws:dynamodb/table:Table": _table,
    "aws:ec2/vpc:Vpc": _vpc,
    "aws:elasticache/replicationGroup:ReplicationGroup": _cache,
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, _: {"prefixListId": f"pl-{digest(name)[:8]}"},
    "aws:iam/role:Role": _role,
    "aws:kms/key:Key": _key,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/function:Function": _function,
    "aws:rds/cluster:Cluster": _cluster,
    "aws:rds/proxy:Proxy": _proxy,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:sagemaker/endpoint:Endpoint": _named("sagemaker", "endpoint/{}"),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": _named("sagemaker", "model-package-group/{}"),
    "aws:secretsmanager/secret:Secret": _named("secretsmanager", "secret:{}-AbCdEf"),
    "aws:sfn/stateMachine:StateMachine": _named("states", "stateMachine:{}"),
    "aws:sns/topic:Topic": _named("sns"),
    "aws:sqs/queue:Queue": _queue,
}
"""Rows for types whose ARN or other outputs matter to what is built from them; the rest get an ARN by their name."""

ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": lambda _: {
        "accountId": ACCOUNT,
        "arn": _arn("iam", "root", region=""),
        "userId": ACCOUNT,
        "id": ACCOUNT,
    },
    "aws:index/getRegion:getRegion": lambda _: {
        "region": REGION,
        "name": REGION,
        "id": REGION,
        "description": "N. Virginia",
    },
    "aws:index/getPartition:getPartition": lambda _: {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
    },
    "aws:index/getAvailabilityZones:getAvailabilityZones": lambda _: {
        "names": _ZONES,
        "zoneIds": [f"use1-az{number}" for number in range(1, 5)],
        "id": REGION,
        "groupNames": [REGION],
    },
    "aws:secretsmanager/getRandomPassword:getRandomPassword": lambda arguments: {
        "randomPassword": "Invented0" * (int(arguments["passwordLength"]) // 8),
        "id": "random",
    },
    "aws:sagemaker/getPrebuiltEcrImage:getPrebuiltEcrImage": lambda arguments: {
        "registryId": "683313688378",
        "registryPath": f"683313688378.dkr.ecr.{REGION}.amazonaws.com/"
        f"{arguments['repositoryName']}:{arguments.get('imageTag', 'latest')}",
        "id": "683313688378",
        "repositoryName": arguments["repositoryName"],
    },
}
"""Answers of provider functions."""


def outputs(token: str, name: str, inputs: Mapping[str, Any], region: str = REGION) -> dict[str, Any]:
    """What creating a resource answers: its id, and what AWS assigns beside or inside of the inputs."""
    service = token.split(":")[1].split("/", maxsplit=1)[0]
    kind = token.rsplit(":", 1)[1].lower()
    general = {
        "id": f"{kind}-{digest(name)[:12]}",
        "name": f"{name}-{digest(name)[:7]}",
        "arn": _arn(service, f"{kind}/{inputs.get('name', name)}"),
    }
    row = OUTPUTS.get(token)
    assigned = {key: value for key, value in general.items() if key == "id" or key not in inputs}
    found: dict[str, Any] = moved({**assigned, **(row(name, inputs) if row else {})}, region)
    return found


def moved(value: Any, region: str) -> Any:
    """An answer as another region gives it: the rows above are written for the first one."""
    if isinstance(value, str):
        return value.replace(REGION, region)
    if isinstance(value, Mapping):
        return {key: moved(inner, region) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, region) for inner in value]
    return value


def answer(token: str, arguments: Mapping[str, Any], region: str = REGION) -> dict[str, Any]:
    """The answer of a provider function; an unknown one is an error, since an empty answer would hide a value."""
    if token not in ANSWERS:
        raise AssertionError(
            f"no answer for the function {token}; add a row to ANSWERS in {__file__.rsplit('/', 1)[1]}"
        )
    found: dict[str, Any] = moved(ANSWERS[token](arguments), region)
    return found


def digest(text: str) -> str:
    """Hexadecimal digits that depend on the text alone."""
    return hashlib.sha256(text.encode()).hexdigest()[:36]
