"""The live model behind its SageMaker endpoint, and what its errors mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.aws.tracing import part
from functions.shared.errors import ApiError
from functions.shared.headers import CORRELATED

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
"""Goes through to the container, and into captured data."""
JSON = {"content-type": "application/json", "accept": "application/json"}

MODEL_ERRORS: Mapping[str, str] = {
    "ModelNotReadyException": "model_unavailable",
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "ServiceUnavailable": "model_unavailable",
    "ServiceUnavailableException": "model_unavailable",
    "InternalFailure": "model_unavailable",
    "InternalDependencyException": "model_unavailable",
    # The endpoint does not exist, or is being made.
    "ValidationError": "model_unavailable",
    "ValidationException": "model_unavailable",
}
"""SageMaker's runtime errors → what the caller is told; any other is our mistake."""


class Endpoint:
    """One SageMaker endpoint."""

    def __init__(self, service: Service, name: str) -> None:
        self._service, self._path = service, f"/endpoints/{name}/invocations"

    def ask(self, body: bytes, inference_id: str = "") -> Any:
        """The container's document for a JSON body; captured data names a call by its inference id, where it has one.

        Raises:
            ApiError: the model cannot take it, or cannot answer.
        """
        headers = {**JSON, "x-amzn-sagemaker-inference-id": inference_id} if inference_id else JSON
        correlated = CORRELATED.get()
        if correlated:
            headers = {**headers, ATTRIBUTES: f"correlationId={correlated}"}
        try:
            with part("inference"):
                return from_json(self._service.post(self._path, headers, body).body)
        except AwsError as error:
            raise ApiError(model_error(error), why=error.code) from error
        except AwsTimeoutError as error:
            raise ApiError("timeout") from error
        except AwsUnreachableError as error:
            raise ApiError("model_unavailable", why="unreachable") from error
        except ValueError as error:
            raise ApiError("model_failed", why="the answer is not JSON") from error


def model_error(error: AwsError) -> str:
    """The code of an error of the endpoint; the container's own status decides where it answered itself."""
    if error.code == "ModelError":
        original = int(error.body.get("OriginalStatusCode") or 500)
        if original == 429:
            return "throttled"
        if original in (503, 504):
            return "model_unavailable"
        return "model_rejected_input" if 400 <= original < 500 else "model_failed"
    return MODEL_ERRORS.get(error.code) or ("model_unavailable" if error.status in (429, 502, 503, 504) else "internal")
