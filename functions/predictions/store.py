"""The model behind its endpoint, the predictions table and the cache's password, by signed calls without the SDK."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json

from functions.predictions.logic import ModelAnswer, answered
from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.aws.endpoint import Endpoint
from functions.shared.errors import ApiError
from functions.shared.logs import Log, fault, now


class EndpointModel:
    """The live model behind a SageMaker endpoint."""

    def __init__(self, service: Service, endpoint: str) -> None:
        self._endpoint = Endpoint(service, endpoint)

    def ask(self, features: Mapping[str, Any]) -> ModelAnswer:
        """The model's answer for one row."""
        return answered(self._endpoint.ask(to_json({"instances": [features]})))


class PredictionsTable:
    """The predictions table."""

    def __init__(self, service: Service, table: str, log: Log, *, keep_days: int = 90) -> None:
        self._service, self._table, self._log, self._keep_s = service, table, log, keep_days * 86400

    def add(self, prediction_id: str, tenant: str, answer: ModelAnswer, features: Mapping[str, Any]) -> None:
        """Writes one prediction."""
        item = {
            "predictionId": {"S": prediction_id},
            "userId": {"S": tenant},
            "createdAt": {"S": now()},
            "modelVersion": {"S": answer.version},
            "input": {"S": json.dumps(dict(features), sort_keys=True)},
            "result": {"S": json.dumps(dict(answer.result))},
            "ttl": {"N": str(int(time.time()) + self._keep_s)},
        }
        try:
            self._service.call("PutItem", {"TableName": self._table, "Item": item})
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            # The caller has a valid answer; the lost record is an alarm's matter.
            code = error.code if isinstance(error, AwsError) else ""
            self._log.line(
                "ERROR", "prediction not recorded", metadata={**fault(error), "code": code}, metrics={"RecordsLost": 1}
            )


class ModelsTable:
    """What `GET /v1/ml/model-info` reads: the pointer to the live model, and the model."""

    def __init__(self, service: Service, table: str) -> None:
        self._service, self._table = service, table

    def live(self) -> dict[str, Any] | None:
        """The live model's item with `liveSince`, or None."""
        pointer = self._item("#live")
        found = self._item(str(pointer["liveVersion"])) if pointer and "liveVersion" in pointer else None
        return {**found, "liveSince": pointer.get("updatedAt", "")} if found and pointer else None

    def _item(self, version: str) -> dict[str, Any] | None:
        try:
            found = self._service.call("GetItem", {"TableName": self._table, "Key": {"version": {"S": version}}})
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            raise ApiError("unavailable", why="models table") from error
        return {name: value_of(value) for name, value in found["Item"].items()} if "Item" in found else None


def value_of(attribute: Mapping[str, Any]) -> Any:
    """A DynamoDB attribute as plain data."""
    kind, value = next(iter(attribute.items()))
    read: Mapping[str, Callable[[Any], Any]] = {
        "N": float,
        "M": lambda members: {name: value_of(member) for name, member in members.items()},
        "L": lambda members: [value_of(member) for member in members],
        "NULL": lambda _: None,
    }
    return read[kind](value) if kind in read else value
