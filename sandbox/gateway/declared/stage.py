"""A stage: an API deployed under a name, with its log, its variables and its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.gateway.declared.api import Api, DocumentError, gateway_response, read
from sandbox.gateway.declared.firewall import CallerRate, caller_rates
from sandbox.gateway.declared.limits import Limits, limits
from sandbox.ledger import Ledger, Resource

REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
RESPONSE = "aws:apigateway/response:Response"


@dataclass(frozen=True)
class Stage:
    """One stage of one API."""

    name: str
    api: Api
    region: str = "us-east-1"
    account: str = "123456789012"
    deployment: str = ""
    limits: Limits = field(default_factory=Limits)
    caller_rates: tuple[CallerRate, ...] = ()
    """What the firewall counts in front of it."""
    log_group: str = ""
    """Where the access log goes; empty for nowhere."""
    log_format: str = ""
    tracing: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The API's own host name on AWS."""
        return f"{self.api.id}.execute-api.{self.region}.amazonaws.com"


def stages(ledger: Ledger, region: str, account: str) -> dict[str, Stage]:
    """Every declared stage by its name.

    Raises:
        DocumentError: a document cannot be served, or two APIs have a stage of the same name.
    """
    found: dict[str, Stage] = {}
    for resource in ledger.of_type(STAGE):
        name = str(resource.inputs["stageName"])
        if name in found:
            raise DocumentError(
                f"two APIs have a stage {name!r}; one address here serves a name once: rename one stage"
            )
        found[name] = _stage(resource, ledger, resource.region or region, account)
    return found


def _stage(resource: Resource, ledger: Ledger, region: str, account: str) -> Stage:
    declared = resource.inputs
    name, api_id = str(declared["stageName"]), str(declared["restApi"])
    apis = {api.id: api for api in ledger.of_type(REST_API)}
    if api_id not in apis:
        raise DocumentError(f"stage {name!r} belongs to API {api_id!r}, which is not declared")
    body = apis[api_id].inputs.get("body")
    if not body:
        raise DocumentError(f"API {api_id!r} has no body; declare it by an OpenAPI document")
    variables = {key: str(value) for key, value in (declared.get("variables") or {}).items()}
    extra = {
        str(response.inputs["responseType"]): gateway_response(response.inputs)
        for response in ledger.of_type(RESPONSE)
        if response.inputs.get("restApiId") == api_id
    }
    document = json.loads(body) if isinstance(body, str) else body
    log = declared.get("accessLogSettings") or {}
    target = str(log.get("destinationArn", ""))
    return Stage(
        name=name,
        api=read(api_id, document, variables, extra, apis[api_id].inputs.get("minimumCompressionSize")),
        region=region,
        account=account,
        deployment=str(declared.get("deployment", "")),
        limits=limits(ledger, api_id, name),
        caller_rates=caller_rates(ledger, resource),
        log_group=target.partition(":log-group:")[2].removesuffix(":*"),
        log_format=str(log.get("format", "")),
        tracing=bool(declared.get("xrayTracingEnabled")),
        variables=variables,
    )
