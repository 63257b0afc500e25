"""InvokeEndpoint: the call goes to the model's process, its faults come back as SageMaker words them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sandbox.containers.endpoints.server import ServerDownError, ServerTimeoutError

if TYPE_CHECKING:
    from sandbox.containers.runtime import Containers

TIMEOUT_S = 60.0
"""A model has this long to answer."""

LONGEST_MESSAGE = 4096
_FORWARDED = ("Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id")

Reply = tuple[int, dict[str, Any], Any]


def error(status: int, code: str, body: dict[str, Any]) -> Reply:
    """An answer that SDKs turn into the exception of that name."""
    return status, {"status": status, "Content-Type": "application/json", "x-amzn-ErrorType": code}, json.dumps(body)


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


def invoke_operation(runtime: Containers, timeout_s: float) -> Callable[[Any], Reply]:
    """The method that takes the place of moto's."""

    def invoke_endpoint(self: Any) -> Reply:
        name = unquote(self.path.split("/")[2])
        headers = {key: str(self.headers[key]) for key in _FORWARDED if self.headers.get(key)}
        body = self.raw_body if isinstance(self.raw_body, bytes) else str(self.raw_body).encode()
        meta = {}
        if self.headers.get("X-Amzn-SageMaker-Inference-Id"):
            meta["inferenceId"] = str(self.headers["X-Amzn-SageMaker-Inference-Id"])
        if self.headers.get("X-Amzn-SageMaker-Custom-Attributes"):
            meta["customAttributes"] = str(self.headers["X-Amzn-SageMaker-Custom-Attributes"])
        variant, began = self.headers.get("X-Amzn-SageMaker-Target-Variant"), time.perf_counter()
        served, status = str(variant or ""), 503
        try:
            endpoint = runtime.endpoint(self.region, name)
            served = served or endpoint.first_variant
            served, answer = endpoint.invoke(body, headers, variant, timeout_s, meta)
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
                runtime.watch(self.region, name, served, status, time.perf_counter() - began)
        if answer.status != 200:
            return model_error(answer.status, answer.body.decode(errors="replace")[:LONGEST_MESSAGE], name)
        result = {"Content-Type": answer.content_type, "x-Amzn-Invoked-Production-Variant": served}
        if answer.custom_attributes:
            result["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
        return 200, result, answer.body

    return invoke_endpoint
