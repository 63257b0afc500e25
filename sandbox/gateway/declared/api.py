"""A deployed OpenAPI 3 document with API Gateway's extensions, read into what the steps of the gateway need."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.gateway.declared.mapping import MappingTemplate, TemplateError

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch"})
ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
VALIDATOR = "x-amazon-apigateway-request-validator"
VALIDATORS = "x-amazon-apigateway-request-validators"
AUTHORIZER = "x-amazon-apigateway-authorizer"
RESPONSES = "x-amazon-apigateway-gateway-responses"
BINARY = "x-amazon-apigateway-binary-media-types"
COMPRESS = "x-amazon-apigateway-minimum-compression-size"

_FUNCTION = re.compile(r":lambda:path/2015-03-31/functions/(?P<arn>.+)/invocations$")
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


class DocumentError(ValueError):
    """The document asks for something that API Gateway or this gateway does not know."""


@dataclass(frozen=True)
class Integration:
    """What answers a method: a function, or a fixed answer."""

    kind: str
    """`aws_proxy` or `mock`."""
    function: str = ""
    """The function's ARN, qualifier included."""
    timeout_s: float = 29.0
    templates: Mapping[str, str] = field(default_factory=dict)
    passthrough: str = "when_no_match"
    responses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mappings: Mapping[str, MappingTemplate] = field(default_factory=dict)
    """Per key of a fixed answer its mapping template, where it has one."""


@dataclass(frozen=True)
class Authorizer:
    """A user pool authorizer."""

    name: str
    header: str
    """Lower case name of the header that holds the token."""
    pools: tuple[str, ...]
    """ARNs."""


@dataclass(frozen=True)
class GatewayResponse:
    """How the gateway words one kind of answer of its own."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """One method of one resource."""

    verb: str
    """GET, POST and so on, or ANY."""
    resource: str
    """The path with its parameters in braces."""
    resource_id: str
    operation: str
    integration: Integration
    authorizer: Authorizer | None = None
    scopes: frozenset[str] = frozenset()
    needs_key: bool = False
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Body schema per media type; empty when bodies are not validated."""
    required: tuple[tuple[str, str], ...] = ()
    """Required parameters that are checked, as (place, name); place is path, query or header."""


@dataclass(frozen=True)
class Api:
    """One REST API as deployed."""

    id: str
    name: str
    methods: tuple[Method, ...]
    responses: Mapping[str, GatewayResponse]
    schemas: Mapping[str, Any]
    """All schemas of the document, for references."""
    binary: tuple[str, ...] = ()
    compress_bytes: int | None = None
    """Size from which answers are compressed for callers who ask for it; None is never."""


def read(
    api_id: str,
    document: Mapping[str, Any],
    variables: Mapping[str, str],
    extra: Mapping[str, GatewayResponse],
    compress: object = None,
) -> Api:
    """Reads a document.

    Args:
        api_id: the API's id.
        document: the declared body.
        variables: the stage's.
        extra: gateway responses declared beside the document.
        compress: size from which answers are compressed, where it is declared beside the document.

    Raises:
        DocumentError: names the method and what cannot be served.
    """
    reader = _Reader(document, variables)
    inside = {kind: gateway_response(value) for kind, value in (document.get(RESPONSES) or {}).items()}
    return Api(
        id=api_id,
        name=str((document.get("info") or {}).get("title", "")),
        methods=tuple(reader.methods()),
        responses={**inside, **extra},
        schemas=(document.get("components") or {}).get("schemas") or {},
        binary=tuple(document.get(BINARY) or ()),
        compress_bytes=_compress(compress if compress is not None else document.get(COMPRESS)),
    )


def _compress(declared: Any) -> int | None:
    """-1 is how Pulumi says "never"."""
    return None if declared is None or int(declared) < 0 else int(declared)


def gateway_response(declared: Mapping[str, Any]) -> GatewayResponse:
    """A gateway response as the document or the resource `aws.apigateway.Response` declares it."""
    status = declared.get("statusCode")
    prefix = "gatewayresponse.header."
    headers = {
        name.removeprefix(prefix): str(value)
        for name, value in (declared.get("responseParameters") or {}).items()
        if name.startswith(prefix)
    }
    return GatewayResponse(int(status) if status else None, headers, declared.get("responseTemplates") or {})


class _Reader:
    """Reads the methods of one document."""

    def __init__(self, document: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        self._document = document
        self._variables = variables
        schemes = (document.get("components") or {}).get("securitySchemes") or {}
        self._authorizers = {name: _authorizer(name, scheme) for name, scheme in schemes.items()}

    def methods(self) -> Iterator[Method]:
        """Every method of every path."""
        for path, item in (self._document.get("paths") or {}).items():
            for verb, operation in item.items():
                if verb in METHODS or verb == ANY:
                    name = "ANY" if verb == ANY else verb.upper()
                    yield self._method(name, path, operation, item.get("parameters") or [])

    def _method(self, verb: str, path: str, operation: Mapping[str, Any], shared: list[Any]) -> Method:
        document, where = self._document, f"{verb} {path}"
        if INTEGRATION not in operation:
            raise DocumentError(f"{where}: {INTEGRATION} is missing; API Gateway deploys no method without one")
        security = operation.get("security", document.get("security"))
        authorizer, scopes, needs_key = _security(where, security, self._authorizers)
        name = operation.get(VALIDATOR, document.get(VALIDATOR))
        validator = _validator(where, name, document.get(VALIDATORS) or {})
        parameters = [*shared, *operation.get("parameters", [])]
        return Method(
            verb=verb,
            resource=path,
            # Six characters as on AWS, and the same in each run.
            resource_id=f"{zlib.crc32(path.encode()):08x}"[:6],
            operation=str(operation.get("operationId", "")),
            integration=_integration(where, operation[INTEGRATION], self._variables),
            authorizer=authorizer,
            scopes=scopes,
            needs_key=needs_key,
            schemas=_schemas(operation) if validator.get("validateRequestBody") else {},
            required=_required(parameters) if validator.get("validateRequestParameters") else (),
        )


def _integration(where: str, declared: Mapping[str, Any], variables: Mapping[str, str]) -> Integration:
    kind = str(declared.get("type", "")).lower()
    if kind not in {"aws_proxy", "mock"}:
        raise DocumentError(f"{where}: integration type {kind!r} is not served here; use aws_proxy or mock")
    function = ""
    if kind == "aws_proxy":
        uri = _VARIABLE.sub(lambda found: variables.get(found[1], ""), str(declared.get("uri", "")))
        found = _FUNCTION.search(uri)
        if found is None:
            raise DocumentError(f"{where}: uri {uri!r} is no function's; give the function's invoke_arn")
        if declared.get("httpMethod") != "POST":
            raise DocumentError(f"{where}: httpMethod is {declared.get('httpMethod')!r}; functions take only POST")
        function = found["arn"]
    return Integration(
        kind=kind,
        function=function,
        timeout_s=float(declared.get("timeoutInMillis") or 29_000) / 1000,
        templates=declared.get("requestTemplates") or {},
        passthrough=str(declared.get("passthroughBehavior", "when_no_match")).lower(),
        responses=declared.get("responses") or {},
        mappings=_mappings(where, declared.get("responses") or {}) if kind == "mock" else {},
    )


def _mappings(where: str, responses: Mapping[str, Any]) -> dict[str, MappingTemplate]:
    """The first template of each fixed answer."""
    found = {}
    for key, response in responses.items():
        text = next(iter((response.get("responseTemplates") or {}).values()), "") or ""
        try:
            found[key] = MappingTemplate(text)
        except TemplateError as error:
            raise DocumentError(f"{where}: response template: {error}") from None
    return found


def _authorizer(name: str, scheme: Mapping[str, Any]) -> Authorizer | None:
    """None for a scheme that is an API key."""
    declared = scheme.get(AUTHORIZER)
    if declared is None:
        return None
    kind = str(declared.get("type", "")).lower()
    if kind != "cognito_user_pools":
        raise DocumentError(f"security scheme {name}: authorizer type {kind!r} is not served; use cognito_user_pools")
    source = str(declared.get("identitySource") or f"method.request.header.{scheme.get('name', 'Authorization')}")
    return Authorizer(name, source.rsplit(".", 1)[-1].lower(), tuple(declared.get("providerARNs") or ()))


def _security(
    where: str,
    security: list[Mapping[str, list[str]]] | None,
    authorizers: Mapping[str, Authorizer | None],
) -> tuple[Authorizer | None, frozenset[str], bool]:
    found: Authorizer | None = None
    scopes: frozenset[str] = frozenset()
    needs_key = False
    for requirement in security or []:
        for name, wanted in requirement.items():
            if name not in authorizers:
                raise DocumentError(f"{where}: security scheme {name!r} is not among components.securitySchemes")
            authorizer = authorizers[name]
            if authorizer is None:
                needs_key = True
            else:
                found, scopes = authorizer, frozenset(wanted)
    return found, scopes, needs_key


def _validator(where: str, name: str | None, validators: Mapping[str, Any]) -> Mapping[str, Any]:
    if name is None:
        return {}
    if name not in validators:
        raise DocumentError(f"{where}: validator {name!r} is not among {VALIDATORS}")
    found: Mapping[str, Any] = validators[name]
    return found


def _schemas(operation: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    content = (operation.get("requestBody") or {}).get("content") or {}
    return {media.lower(): found["schema"] for media, found in content.items() if "schema" in found}


def _required(parameters: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((found["in"], found["name"]) for found in parameters if found.get("required"))
