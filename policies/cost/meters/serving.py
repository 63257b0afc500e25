"""What requests and models are charged for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.cost.meters.row import Charge, Meter, by, by_item, length, meter
from policies.resources import Node

_MB_PER_GB = 1024
_MS_PER_S = 1000


def _duration(node: Node, _: Any) -> str:
    architectures = [str(name) for name in node.rows("architectures")] or ["x86_64"]
    return f"lambda.duration.{architectures[0]}"


def _gb(node: Node, _: Any) -> float:
    return float(node.read("memorySize", 128)) / _MB_PER_GB / _MS_PER_S


def _instances(node: Node) -> list[Any]:
    return [row for row in node.rows("productionVariants") if row.get("instanceType")]


def _serverless(node: Node) -> list[Any]:
    return [row for row in node.rows("productionVariants") if row.get("serverlessConfig")]


def _count(_: Node, item: Mapping[str, Any]) -> float:
    return float(item.get("initialInstanceCount", 1))


def _memory(_: Node, item: Mapping[str, Any]) -> float:
    return float(item["serverlessConfig"]["memorySizeInMb"]) / _MB_PER_GB


def _kept(_: Node, item: Mapping[str, Any]) -> float:
    return float(item["serverlessConfig"].get("provisionedConcurrency", 0)) * _memory(_, item)


def _cache(node: Node) -> list[Any]:
    return [node.props] if node.read("cacheClusterEnabled", default=False) else []


def _pool(node: Node, _: Any) -> str:
    return f"cognito.{str(node.read('userPoolTier', 'ESSENTIALS')).lower()}"


def _guarded(node: Node, _: Any) -> float:
    """Content filters and topics are charged alike, text unit by text unit."""
    return float(bool(node.rows("contentPolicyConfig"))) + float(bool(node.rows("topicPolicyConfig")))


def _personal(node: Node, _: Any) -> float:
    return float(bool(node.rows("sensitiveInformationPolicyConfig")))


ROWS: dict[str, Meter] = {
    "aws:apigateway/restApi:RestApi": meter(
        "Amazon API Gateway",
        Charge(what="requests", price="apigateway.requests", uses="requests"),
    ),
    "aws:apigateway/stage:Stage": meter(
        "Amazon API Gateway",
        Charge(what="cache", price=by_item("apigateway.cache", "cacheClusterSize"), each=_cache),
    ),
    "aws:lambda/function:Function": meter(
        "AWS Lambda",
        Charge(what="requests", price="lambda.requests", uses="invocations"),
        Charge(what="duration", price=_duration, count=_gb, uses="total_ms"),
        Charge(what="traces", price="xray.traces", uses="traces"),
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": meter(
        "Amazon SageMaker AI",
        Charge(what="instances", price=by_item("sagemaker.instance", "instanceType"), count=_count, each=_instances),
        Charge(
            what="inference",
            price="sagemaker.serverless",
            count=_memory,
            uses="inference_s",
            each=_serverless,
        ),
        Charge(what="provisioned", price="sagemaker.serverless_provisioned", count=_kept, each=_serverless),
        Charge(what="data", price="sagemaker.data", uses="data_gb"),
    ),
    "aws:sfn/stateMachine:StateMachine": meter(
        "AWS Step Functions",
        Charge(what="transitions", price="sfn.transitions", uses="transitions"),
        Charge(what="jobs", price="sagemaker.instance", uses="job_hours", by_kind=True),
    ),
    "aws:cognito/userPool:UserPool": meter(
        "Amazon Cognito",
        Charge(what="users", price=_pool, uses="users"),
    ),
    "aws:cloudfront/distribution:Distribution": meter(
        "Amazon CloudFront",
        Charge(what="data", price="cloudfront.data", uses="data_gb"),
        Charge(what="requests", price="cloudfront.requests", uses="requests"),
    ),
    "aws:cloudfront/function:Function": meter(
        "Amazon CloudFront",
        Charge(what="function", price="cloudfront.function", uses="invocations"),
    ),
    "aws:cloudfront/monitoringSubscription:MonitoringSubscription": meter(
        "Amazon CloudFront",
        Charge(what="further metrics", price="cloudwatch.metrics", count=8),
    ),
    "aws:wafv2/webAcl:WebAcl": meter(
        "AWS WAF",
        Charge(what="web ACL", price="waf.acl"),
        Charge(what="rules", price="waf.rule", count=length("rules")),
        Charge(what="requests", price="waf.requests", uses="requests"),
    ),
    "aws:bedrock/guardrail:Guardrail": meter(
        "Amazon Bedrock",
        Charge(what="content and topics", price="bedrock.guardrail", count=_guarded, uses="text_units"),
        Charge(what="personal data", price="bedrock.guardrail_personal", count=_personal, uses="text_units"),
    ),
    "aws:dax/cluster:Cluster": meter(
        "Amazon DynamoDB",
        Charge(
            what="accelerator nodes",
            price=by("dax", "nodeType"),
            count=lambda node, _: float(node.read("replicationFactor", 1)),
        ),
    ),
    "aws:cognito/userPoolClient:UserPoolClient": meter(
        "Amazon Cognito",
        Charge(
            what="tokens of programs",
            price="cognito.programs",
            count=lambda node, _: float("client_credentials" in node.rows("allowedOauthFlows")),
            uses="tokens",
        ),
    ),
}
"""By type."""
