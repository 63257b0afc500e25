"""REST APIs, their stages, usage plans and keys. Requests are served by the sandbox's own gateway, not by moto."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_SERVED = "the sandbox's own gateway serves the declared document; moto holds its paths and integrations alone"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
_SETTINGS = {
    # The paths of UpdateStage's patch operations (API Gateway REST API reference, "Patch Operations").
    "metricsEnabled": "metrics/enabled",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "cachingEnabled": "caching/enabled",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cacheDataEncrypted": "caching/dataEncrypted",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}


def _api(work: Work) -> None:
    body = work.inputs.get("body")
    if not body:
        return
    document = json.loads(body) if isinstance(body, str) else body
    paths = {path: _methods(methods) for path, methods in (document.get("paths") or {}).items()}
    # moto fails on a document without a description, and reads neither components nor security.
    small = {
        "openapi": "3.0.1",
        "info": {"title": work.inputs["name"], "version": "1", "description": work.inputs["name"]},
        "paths": paths,
    }
    work.call("apigateway.put_rest_api", restApiId=work.id, mode="merge", body=json.dumps(small, sort_keys=True))


def _methods(methods: Mapping[str, Any]) -> dict[str, Any]:
    """The methods that have an integration; moto wants a method and an address of every one, mocks included."""
    integrated = {
        method: (operation.get("responses") or {}, operation["x-amazon-apigateway-integration"])
        for method, operation in methods.items()
        if method in _METHODS and "x-amazon-apigateway-integration" in operation
    }
    return {
        method: {
            "responses": {status: {} for status in responses},
            "x-amazon-apigateway-integration": {"httpMethod": "POST", "uri": "", **integration},
        }
        for method, (responses, integration) in integrated.items()
    }


def _stage(work: Work) -> None:
    settings = work.inputs.get("accessLogSettings")
    if not settings:
        return
    patches = [
        {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": settings["destinationArn"]},
        {"op": "replace", "path": "/accessLogSettings/format", "value": settings["format"]},
    ]
    _patch(work, patches)


def _method_settings(work: Work) -> None:
    path = work.inputs["methodPath"]
    # A slash inside a path is written ~1; the wildcard stays as it is.
    method = path if path == "*/*" else path.rpartition("/")[0].replace("/", "~1") + "/" + path.rpartition("/")[2]
    work.parameters["patchOperations"] = [
        {"op": "replace", "path": f"/{method}/{_SETTINGS[key]}", "value": _text(value)}
        for key, value in work.inputs["settings"].items()
        if key in _SETTINGS and value is not None
    ]
    for key in work.inputs["settings"]:
        if key not in _SETTINGS:
            work.dropped[f"settings.{key}"] = "UpdateStage has no such path"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _patch(work: Work, patches: list[dict[str, str]]) -> None:
    work.call(
        "apigateway.update_stage",
        restApiId=work.inputs["restApi"],
        stageName=work.inputs["stageName"],
        patchOperations=patches,
    )


def _account(work: Work) -> None:
    role = work.inputs.get("cloudwatchRoleArn")
    work.parameters["patchOperations"] = (
        [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}] if role else []
    )


def _plan(work: Work) -> None:
    for key, member in (("quotaSettings", "quota"), ("throttleSettings", "throttle")):
        if work.inputs.get(key):
            work.parameters[member] = work.inputs[key]
    stages = []
    for stage in work.inputs.get("apiStages") or []:
        row = {"apiId": stage["apiId"], "stage": stage["stage"]}
        limits = {
            limit["path"]: {key: limit[key] for key in ("burstLimit", "rateLimit") if key in limit}
            for limit in stage.get("throttles") or []
        }
        stages.append({**row, "throttle": limits} if limits else row)
    if stages:
        work.parameters["apiStages"] = stages


def _regional(work: Work) -> None:
    work.parameters["endpointConfiguration"] = {"types": [work.inputs["endpointConfiguration"]["types"]]}


ROWS = {
    "aws:apigateway/restApi:RestApi": Recipe(
        call="apigateway.create_rest_api",
        by_hand=hands("body", "putRestApiMode", "failOnWarnings"),
        lost={"body": _SERVED, "binaryMediaTypes": "moto forgets it; the sandbox's own gateway reads what is declared"},
        after=_api,
        id=Answer("id", "{hash:10}"),
        outputs={
            "arn": "arn:aws:apigateway:{region}::/restapis/{id}",
            "executionArn": "arn:aws:execute-api:{region}:{account}:{id}",
            "rootResourceId": Answer("rootResourceId", "{hash:10}"),
        },
    ),
    "aws:apigateway/deployment:Deployment": Recipe(
        call="apigateway.create_deployment",
        rename={"restApi": "restApiId"},
        id=Answer("id", "{hash:6}"),
    ),
    "aws:apigateway/stage:Stage": Recipe(
        call="apigateway.create_stage",
        rename={"restApi": "restApiId", "deployment": "deploymentId", "xrayTracingEnabled": "tracingEnabled"},
        by_hand=hands("accessLogSettings"),
        lost={"canarySettings": "moto forgets it", "documentationVersion": "moto forgets it"},
        after=_stage,
        id="ags-{restApi}-{stageName}",
        outputs={
            "arn": "arn:aws:apigateway:{region}::/restapis/{restApi}/stages/{stageName}",
            "executionArn": "arn:aws:execute-api:{region}:{account}:{restApi}/{stageName}",
            "invokeUrl": "https://{restApi}.execute-api.{region}.amazonaws.com/{stageName}",
        },
    ),
    "aws:apigateway/methodSettings:MethodSettings": Recipe(
        call="apigateway.update_stage",
        rename={"restApi": "restApiId"},
        by_hand=hands("settings", "methodPath"),
        shape=_method_settings,
        id="{restApi}-{stageName}-{methodPath}",
    ),
    "aws:apigateway/account:Account": Recipe(
        call="apigateway.update_account",
        by_hand=hands("cloudwatchRoleArn"),
        shape=_account,
        id="api-gateway-account",
    ),
    "aws:apigateway/usagePlan:UsagePlan": Recipe(
        call="apigateway.create_usage_plan",
        by_hand=hands("quotaSettings", "throttleSettings", "apiStages"),
        shape=_plan,
        id=Answer("id", "{hash:6}"),
        outputs={"arn": "arn:aws:apigateway:{region}::/usageplans/{id}"},
    ),
    "aws:apigateway/apiKey:ApiKey": Recipe(
        call="apigateway.create_api_key",
        id=Answer("id", "{hash:10}"),
        outputs={"arn": "arn:aws:apigateway:{region}::/apikeys/{id}", "value": Answer("value", "{hash:40}")},
    ),
    "aws:apigateway/usagePlanKey:UsagePlanKey": Recipe(
        call="apigateway.create_usage_plan_key",
        id="{keyId}",
    ),
    "aws:apigateway/domainName:DomainName": Recipe(
        call="apigateway.create_domain_name",
        by_hand=hands("endpointConfiguration"),
        shape=_regional,
        id="{domainName}",
        outputs={
            "arn": "arn:aws:apigateway:{region}::/domainnames/{domainName}",
            "regionalDomainName": "d-{hash:10}.execute-api.{region}.amazonaws.com",
            "regionalZoneId": "Z{hash:12}",
        },
    ),
    "aws:apigateway/basePathMapping:BasePathMapping": Recipe(
        call="apigateway.create_base_path_mapping",
        rename={"restApi": "restApiId", "stageName": "stage"},
        id="{domainName}/{basePath}",
    ),
}
