"""InvokeEndpoint: the call goes to the model's process, its faults come back as SageMaker words them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.cloud import Application
from sandbox.containers.endpoints.server import ServerDownError, ServerTimeoutError
from sandbox.lambdas.instance import new_id

if TYPE_CHECKING:
    from sandbox.containers.runtime import Containers

TIMEOUT_S = 60.0
"""A model has this long to answer."""

LONGEST_MESSAGE = 4096
_FORWARDED = {
    "Content-Type": "CONTENT_TYPE",
    "Accept": "HTTP_ACCEPT",
    "X-Amzn-SageMaker-Custom-Attributes": "HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES",
    "X-Amzn-SageMaker-Inference-Id": "HTTP_X_AMZN_SAGEMAKER_INFERENCE_ID",
}
"""Headers that the model sees, and where they are in a request."""
_NOTED = {"inferenceId": "X-Amzn-SageMaker-Inference-Id", "customAttributes": "X-Amzn-SageMaker-Custom-Attributes"}
"""What data capture notes of them."""
_PATH = re.compile(r"/endpoints/(?P<name>[^/]+)/invocations/?$")
_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[\w-]+)/sagemaker/")

Reply = tuple[int, dict[str, str], bytes]


def error(status: int, code: str, body: dict[str, Any]) -> Reply:
    """An answer that SDKs turn into the exception of that name."""
    return status, {"Content-Type": "application/json", "x-amzn-ErrorType": code}, json.dumps(body).encode()


def model_error(status: int, text: str, endpoint: str) -> Reply:
    """The answer for a model that failed: 424 with what the container said."""
    side = "client" if 400 <= status < 500 else "server"
    where = f"See the log group /aws/sagemaker/Endpoints/{endpoint}."
    message = f'Received {side} error ({status}) from primary with message "{text}". {where}'
    body = {
        "ErrorCode": f"{side.upper()}_ERROR_FROM_MODEL",
        "LogStreamArn": "",
        "Message": message,
        "message": message,
        "OriginalMessage": text,
        "OriginalStatusCode": status,
    }
    return error(424, "ModelError", body)


def layer(runtime: Containers, timeout_s: float) -> Callable[[Application], Application]:
    """Answers InvokeEndpoint in front of moto, which would take several milliseconds to find the operation."""

    def wrapped(application: Application) -> Application:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            found = _PATH.match(environ.get("PATH_INFO", ""))
            scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
            if found is None or scope is None or environ.get("REQUEST_METHOD") != "POST":
                return application(environ, start_response)
            status, headers, body = _invoke(runtime, timeout_s, scope["region"], unquote(found["name"]), environ)
            lines = [("Content-Length", str(len(body))), ("x-amzn-RequestId", new_id()), *headers.items()]
            start_response(f"{status} -", lines)
            return [body]

        return answer

    return wrapped


def _invoke(runtime: Containers, timeout_s: float, region: str, name: str, environ: Mapping[str, Any]) -> Reply:
    given = {header: str(environ[key]) for header, key in _FORWARDED.items() if environ.get(key)}
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    meta = {field: given[header] for field, header in _NOTED.items() if header in given}
    variant, began = environ.get("HTTP_X_AMZN_SAGEMAKER_TARGET_VARIANT"), time.perf_counter()
    served, status = str(variant or ""), 503
    try:
        endpoint = runtime.endpoint(region, name)
        served = served or endpoint.first_variant
        served, answer = endpoint.invoke(body, given, variant, timeout_s, meta)
        status = answer.status
    except LookupError as fault:
        served = ""
        return error(400, "ValidationError", {"message": str(fault.args[0])})
    except ServerDownError as fault:
        return error(503, "ServiceUnavailable", {"message": f"endpoint {name} cannot answer now: {fault}"})
    except ServerTimeoutError as fault:
        status = 0
        return model_error(
            0, f"Your invocation timed out while waiting for a response from container primary: {fault}", name
        )
    finally:
        if served and runtime.watch is not None:
            runtime.watch(region, name, served, status, time.perf_counter() - began)
    if answer.status != 200:
        return model_error(answer.status, answer.body.decode(errors="replace")[:LONGEST_MESSAGE], name)
    result = {"Content-Type": answer.content_type, "x-Amzn-Invoked-Production-Variant": served}
    if answer.custom_attributes:
        result["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
    return 200, result, answer.body
