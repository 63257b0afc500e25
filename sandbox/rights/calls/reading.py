"""What a signed request asks for: service, operation and parameters, whichever way the service writes them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request")
_LONGEST = 32 * 1024 * 1024
"""Bytes of a request that is read to be judged; bodies that are data are not read at all."""

SIGNED: Mapping[str, str] = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "email": "ses",
    "elasticloadbalancing": "elbv2",
    "execute-api": "apigatewaymanagementapi",
    "tagging": "resourcegroupstaggingapi",
}
"""The name that requests are signed for → botocore's name of the service, where they differ."""

RUNTIMES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "sagemaker": (("/endpoints/", "sagemaker-runtime"),),
    "bedrock": (
        ("/model/", "bedrock-runtime"),
        ("/guardrail/", "bedrock-runtime"),
    ),
}
"""Services that share a signing name, told apart by how their paths begin."""


class UnknownCallError(ValueError):
    """A request that cannot be told; nobody may make what nobody can judge."""


@dataclass(frozen=True)
class Scope:
    """What a signature says of itself."""

    key: str
    region: str
    service: str
    """The name that it was signed for."""


@dataclass(frozen=True)
class Asked:
    """One call of AWS."""

    service: str
    """Botocore's name of the service."""
    operation: str
    params: Mapping[str, Any]
    """As an SDK takes them; a body that is data (an object, a payload) is left out."""
    region: str
    protocol: str = ""
    """How the answer is written: `json`, `query`, `rest-json`, `rest-xml` or `ec2`."""


def scope_of(environ: Mapping[str, Any]) -> Scope | None:
    """Who signed a request and for what; None for one that is not signed."""
    found = _SCOPE.match(environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2].lstrip())
    if found is None and "AccessKeyId=" in (text := environ.get("QUERY_STRING", "")):
        # An address of S3 that was signed in the old way names no region.
        return Scope(dict(parse_qsl(text)).get("AWSAccessKeyId", ""), "us-east-1", "s3")
    if found is None and "X-Amz-Credential" in environ.get("QUERY_STRING", ""):
        text = environ["QUERY_STRING"]
        found = _SCOPE.match(f"Credential={dict(parse_qsl(text)).get('X-Amz-Credential', '')}")
    return Scope(found["key"], found["region"], found["service"]) if found else None


def service_of(scope: Scope, path: str) -> str:
    """Botocore's name of the service that a request is for."""
    for beginning, service in RUNTIMES.get(scope.service, ()):
        if path.startswith(beginning):
            return service
    return SIGNED.get(scope.service, scope.service)


def read(environ: dict[str, Any], scope: Scope) -> Asked:
    """The call that a request makes; its body can be read again afterwards.

    Raises:
        UnknownCallError: no such service or operation, or a body that cannot be read.
    """
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router
    from moto.core.utils import get_service_model

    service = service_of(scope, environ.get("PATH_INFO", ""))
    if service == "rds-db":
        return Asked(service, "connect", dict(parse_qsl(environ.get("QUERY_STRING", ""))), scope.region, "rest-json")
    try:
        model = get_service_model(service)
        protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", "").partition(";")[0])
        if not protocol.startswith("rest"):
            _buffer(environ)
        request = Request({**environ, "werkzeug.request": None})
        operation, places = get_service_router(service).match(request)
        data = _is_data(operation)
        if not data and protocol.startswith("rest"):
            _buffer(environ)
            request = Request({**environ, "werkzeug.request": None})
        params = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": request.method,
                "values": request.args if protocol.startswith("rest") else request.values,
                "headers": request.headers,
                "body": b"" if data else environ["wsgi.input"].getvalue(),
                "url_path": request.path,
                "url_params": places,
            }
        )
    except Exception as error:
        asked = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
        raise UnknownCallError(f"{asked} of {service} is no call that is known: {error!r}") from error
    finally:
        if isinstance(environ.get("wsgi.input"), io.BytesIO):
            environ["wsgi.input"].seek(0)
    given = {name: value for name, value in params.items() if value is not None}
    return Asked(service, str(operation.name), given, scope.region, protocol)


def _is_data(operation: Any) -> bool:
    """Whether the body of an operation is data of the caller's, not parameters."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is not None and shape.members[payload].type_name in {"blob", "string"}


def _buffer(environ: dict[str, Any]) -> None:
    """Keeps the body, so that whoever answers reads it once more."""
    if isinstance(environ["wsgi.input"], io.BytesIO):
        return
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _LONGEST:
        raise ValueError(f"the body has {length} bytes; parameters of a call have at most {_LONGEST}")
    body = environ["wsgi.input"].read(length) if length or not environ.get("wsgi.input_terminated") else None
    if body is None:
        body = environ["wsgi.input"].read(_LONGEST)
        environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
