"""API Gateway: each route is guarded, bounded, logged and traced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.conditions import is_on, must_be_on, must_be_set, needs_companion
from policies.resources import Node, Unknown
from policies.rule import Rule

REST_API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
DOMAIN = "aws:apigateway/domainName:DomainName"
WAF_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "x-amazon-apigateway-any-method")


def document(api: Node) -> Mapping[str, Any]:
    """The API's OpenAPI document; empty where its methods are resources of their own."""
    body = api.props.get("body")
    if isinstance(body, Unknown):
        body.use()
    if not body:
        return {}
    parsed = json.loads(body) if isinstance(body, str) else body
    if not isinstance(parsed, Mapping) or not isinstance(parsed.get("paths"), Mapping):
        raise TypeError("body is no OpenAPI document with paths")
    return parsed


def operations(api: Node) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every operation as `METHOD /path`, without the preflight answers that the gateway gives itself."""
    for path, item in document(api).get("paths", {}).items():
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            integration = operation.get("x-amazon-apigateway-integration", {})
            if method == "options" and str(integration.get("type", "")).lower() == "mock":
                continue
            yield f"{method.removeprefix('x-amazon-apigateway-').upper()} {path}", operation


def guarded(api: Node) -> Iterable[str]:
    """Each route has an authorizer or says itself that it is public, by an empty `security`."""
    parsed = document(api)
    schemes = parsed.get("components", {}).get("securitySchemes", {})
    for name, operation in operations(api):
        needs = operation.get("security", parsed.get("security"))
        if needs is None:
            yield f"{name} has no security; allowed: an authorizer, or [] for a route that is public on purpose"
            continue
        for need in needs:
            if not need:
                yield f"{name} has an empty alternative in security, which lets everyone in"
            for scheme in need:
                if "x-amazon-apigateway-authorizer" not in schemes.get(scheme, {}) and not _is_key_or_iam(
                    schemes.get(scheme, {})
                ):
                    yield f"{name} names {scheme!r}, which has no x-amazon-apigateway-authorizer"
            if need and all(_is_api_key(schemes.get(scheme, {})) for scheme in need):
                yield f"{name} asks for an API key only, which identifies a customer but authenticates nobody"


def _is_api_key(scheme: Mapping[str, Any]) -> bool:
    return scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key"


def _is_key_or_iam(scheme: Mapping[str, Any]) -> bool:
    return _is_api_key(scheme) or scheme.get("x-amazon-apigateway-authtype") == "awsSigv4"


def scoped(api: Node) -> Iterable[str]:
    """A Cognito authorizer with scopes takes access tokens; without, ID tokens, which say nothing of rights."""
    parsed = document(api)
    schemes = parsed.get("components", {}).get("securitySchemes", {})
    for name, operation in operations(api):
        for need in operation.get("security", parsed.get("security")) or ():
            for scheme, scopes in need.items():
                kind = schemes.get(scheme, {}).get("x-amazon-apigateway-authtype", "")
                if kind == "cognito_user_pools" and not scopes:
                    yield f"{name} names {scheme!r} without a scope"


def validated(api: Node) -> Iterable[str]:
    """Each route with a body is validated at the gateway."""
    parsed = document(api)
    general = parsed.get("x-amazon-apigateway-request-validator")
    validators = parsed.get("x-amazon-apigateway-request-validators", {})
    for name, operation in operations(api):
        chosen = operation.get("x-amazon-apigateway-request-validator", general)
        if "requestBody" in operation and not validators.get(chosen, {}).get("validateRequestBody"):
            yield f"{name} has a body, and its x-amazon-apigateway-request-validator is {chosen!r}"


def settings_of(stage: Node) -> list[Node]:
    """The settings for every method of the stage."""
    name = stage.read("stageName")
    found = [
        node
        for node in stage.stack.of_type(SETTINGS)
        if node.read("stageName") == name and node.read("methodPath") == "*/*"
    ]
    return [node for node in found if _same_api(node, stage)]


def _same_api(settings: Node, stage: Node) -> bool:
    ours, theirs = stage.props.get("restApi"), settings.props.get("restApi")
    # Two APIs whose ids are not known yet are told apart by what they wait for.
    if isinstance(ours, Unknown) or isinstance(theirs, Unknown):
        apis = [api for api in stage.stack.of_type(REST_API) if stage.refers_to("restApi", api)]
        return any(settings.refers_to("restApi", api) for api in apis)
    return bool(ours == theirs)


def throttled(stage: Node) -> Iterable[str]:
    """Every method has a rate and a burst; -1, the default, means without a limit."""
    found = settings_of(stage)
    if not found:
        yield f"no method settings ({SETTINGS}) for '*/*' name it"
    for node in found:
        for limit in ("throttlingRateLimit", "throttlingBurstLimit"):
            value = node.read(f"settings.{limit}", -1)
            if float(value) < 0:
                yield f"settings.{limit} is {value}; allowed: 0 or more"


def execution_logged(stage: Node) -> Iterable[str]:
    """Failures inside the gateway are logged, bodies are not."""
    for node in settings_of(stage):
        level = node.read("settings.loggingLevel", "OFF")
        if level not in {"ERROR", "INFO"}:
            yield f"settings.loggingLevel is {level!r}; allowed: 'ERROR', 'INFO'"
    for node in stage.stack.of_type(SETTINGS):
        if _same_api(node, stage) and is_on(node.props, "settings.dataTraceEnabled"):
            yield f"settings.dataTraceEnabled of {node.read('methodPath')} is True, which logs bodies and tokens"


def cache_encrypted(settings: Node) -> Iterable[str]:
    """What the stage's cache holds is encrypted, and only callers with a right may empty it."""
    if is_on(settings.props, "settings.cachingEnabled"):
        if not is_on(settings.props, "settings.cacheDataEncrypted"):
            yield "settings.cacheDataEncrypted is False; allowed: True"
        if not is_on(settings.props, "settings.requireAuthorizationForCacheControl"):
            yield "settings.requireAuthorizationForCacheControl is False; allowed: True"


RULES = (
    Rule(
        id="api-routes-guarded",
        severity="critical",
        controls=("FSBP APIGateway.8", "ML Lens MLSEC06-BP01"),
        types=(REST_API,),
        what="Each route has an authorizer, or says in the document that it is public (`security: []`).",
        why="A forgotten authorizer opens a route to the world.",
        mend="give the operation a security requirement with an x-amazon-apigateway-authorizer",
        check=guarded,
    ),
    Rule(
        id="api-routes-scoped",
        severity="high",
        controls=("ML Lens MLSEC06-BP01",),
        types=(REST_API,),
        what="Each route with the Cognito authorizer asks for a scope.",
        why="Without a scope the gateway takes ID tokens, which prove who somebody is and not what he may do.",
        mend="list at least one scope in the operation's security requirement",
        check=scoped,
    ),
    Rule(
        id="api-bodies-validated",
        severity="medium",
        controls=("ML Lens MLSEC05-BP01",),
        types=(REST_API,),
        what="Each route with a body has it validated at the gateway.",
        why="Malformed requests would start functions, and reach the model.",
        mend="set x-amazon-apigateway-request-validator to one with validateRequestBody",
        check=validated,
    ),
    Rule(
        id="api-access-logged",
        severity="medium",
        controls=("FSBP APIGateway.9",),
        types=(STAGE,),
        what="Every stage writes an access log.",
        why="Nobody could say who called what when.",
        mend="set access_log_settings with destination_arn and format",
        check=must_be_set("accessLogSettings.destinationArn", "accessLogSettings.format"),
    ),
    Rule(
        id="api-execution-logged",
        severity="medium",
        controls=("FSBP APIGateway.1",),
        types=(STAGE,),
        scope="stack",
        what="Every stage logs failures inside the gateway, and no bodies.",
        why="A failing integration leaves no other trace; a traced body puts personal data and tokens into a log.",
        mend="set logging_level ERROR and data_trace_enabled False in the method settings for */*",
        check=execution_logged,
    ),
    Rule(
        id="api-traced",
        severity="low",
        controls=("FSBP APIGateway.3",),
        types=(STAGE,),
        what="Every stage is traced by X-Ray.",
        why="A slow answer could not be followed from the gateway to the model.",
        mend="set xray_tracing_enabled to True",
        check=must_be_on("xrayTracingEnabled"),
    ),
    Rule(
        id="api-behind-waf",
        severity="high",
        controls=("FSBP APIGateway.4", "ML Lens MLSEC05-BP01"),
        types=(STAGE,),
        scope="stack",
        what="Every stage stands behind a web ACL.",
        why="Floods, scanners and injection attempts would reach the functions.",
        mend="add a WebAclAssociation whose resource_arn is the stage's ARN",
        check=needs_companion(WAF_ASSOCIATION, "resourceArn", "web ACL association"),
    ),
    Rule(
        id="api-throttled",
        severity="medium",
        types=(STAGE,),
        scope="stack",
        what="Every method of a stage has a rate and a burst limit.",
        why="One caller could use up the account's concurrency, and the budget.",
        mend="set throttling_rate_limit and throttling_burst_limit in the method settings for */*",
        check=throttled,
    ),
    Rule(
        id="api-cache-encrypted",
        severity="medium",
        controls=("FSBP APIGateway.5",),
        types=(SETTINGS,),
        what="A stage's cache is encrypted, and emptied only by callers with the right to.",
        why="It holds answers in clear text, and `Cache-Control` from anybody would wear the functions out.",
        mend="set cache_data_encrypted and require_authorization_for_cache_control to True",
        check=cache_encrypted,
    ),
    Rule(
        id="api-deployment-follows",
        severity="high",
        types=(DEPLOYMENT,),
        what="A deployment is made again when the document changes.",
        why="API Gateway serves the old routes until somebody deploys again, though the update succeeded.",
        mend="put the document's hash into triggers",
        check=must_be_set("triggers"),
    ),
    Rule(
        id="api-domain-tls",
        severity="high",
        types=(DOMAIN,),
        what="A custom domain takes TLS 1.2 or later.",
        why="Older versions can be broken.",
        mend="set security_policy to TLS_1_2 or a later policy",
        check=lambda node: (
            []
            if str(node.read("securityPolicy", "TLS_1_0")).startswith(("TLS_1_2", "SecurityPolicy_TLS1"))
            else [f"securityPolicy is {node.read('securityPolicy', 'TLS_1_0')!r}; allowed: 'TLS_1_2' or later"]
        ),
    ),
)
