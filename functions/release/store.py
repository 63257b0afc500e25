"""The endpoint under test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.tasks import WorkError

JSON = {"content-type": "application/json", "accept": "application/json"}


class DeployedModel:
    """A SageMaker endpoint."""

    def __init__(self, service: Service, name: str) -> None:
        self._service, self._name = service, name

    def ask(self, row: Mapping[str, Any]) -> str:
        """Which version answers the row without complaint."""
        body = json.dumps({"instances": [row]}).encode()
        try:
            reply = self._service.post(f"/endpoints/{self._name}/invocations", JSON, body)
            document = json.loads(reply.body)
            version, answer = str(document["modelVersion"]), document["predictions"][0]
            if "prediction" not in answer:
                raise WorkError(f"endpoint {self._name}: version {version} refuses its own sample")
        except (AwsError, AwsTimeoutError, AwsUnreachableError) as error:
            raise WorkError(f"endpoint {self._name}: {type(error).__name__} {error}") from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise WorkError(
                f"endpoint {self._name}: the answer has another shape than the serving code gives"
            ) from error
        return version
