"""The ways in which a drill's client writes: predictions by the API, items and objects by the SDK."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.client import CallError, call
from sandbox.drill.client import RefusedError
from sandbox.drill.losses import Write

MARK = "drill-"
"""How the ids of items begin that a drill writes."""
_KEEP_S = 86_400


class Predictions:
    """Predictions by the API; what counts is the record that is kept of each.

    Args:
        url: the API's address, asked each time, since a failover changes it.
        token: the access token, asked each time.
        row: a row that the model takes; one value is changed each time, so that no answer comes from the cache.
        dynamodb: a client of the region that is read from.
        table: the predictions table.
    """

    name = "predictions"

    def __init__(
        self,
        url: Callable[[], str],
        token: Callable[[], str],
        row: Mapping[str, Any],
        dynamodb: Callable[[], Any],
        table: str,
    ) -> None:
        self._url, self._token, self._row, self._dynamodb, self._table = url, token, dict(row), dynamodb, table
        self._changed = next(name for name, value in row.items() if isinstance(value, float))
        self._base = time.time() % 1000

    def write(self, number: int) -> tuple[str, str]:
        """Asks for a prediction."""
        row = {**self._row, self._changed: self._row[self._changed] + self._base + number / 1000}
        try:
            reply = call(f"{self._url()}/ml/predict", "POST", {"input": row}, self._token(), timeout_s=5)
        except CallError as error:
            raise RefusedError(str(error)) from error
        if reply.status != 200:
            raise RefusedError(f"{reply.status} {reply.text[:200]}")
        answer = reply.content
        return str(answer["predictionId"]), _plain(answer["result"])

    def read(self, write: Write) -> str | None:
        """The result in the prediction's record."""
        found = self._dynamodb().get_item(
            TableName=self._table, Key={"predictionId": {"S": write.id}}, ConsistentRead=True
        )
        return _plain(json.loads(found["Item"]["result"]["S"])) if "Item" in found else None


class Items:
    """Items put into a table by the SDK, below ids that begin with `drill-`; they expire within a day."""

    name = "items"

    def __init__(self, dynamodb: Callable[[], Any], table: str) -> None:
        self._dynamodb, self._table = dynamodb, table

    def write(self, number: int) -> tuple[str, str]:
        """Puts a new item."""
        identity, value = f"{MARK}{uuid.uuid4()}", _plain({"number": number})
        item = {
            "predictionId": {"S": identity},
            "userId": {"S": "drill"},
            "createdAt": {"S": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
            "result": {"S": value},
            "ttl": {"N": str(int(time.time()) + _KEEP_S)},
        }
        taken(lambda: self._dynamodb().put_item(TableName=self._table, Item=item))
        return identity, value

    def read(self, write: Write) -> str | None:
        """The item's value."""
        found = self._dynamodb().get_item(
            TableName=self._table, Key={"predictionId": {"S": write.id}}, ConsistentRead=True
        )
        return str(found["Item"]["result"]["S"]) if "Item" in found else None


class Objects:
    """Objects put into a bucket by the SDK, below `drill/`."""

    name = "objects"

    def __init__(self, s3: Callable[[], Any], bucket: Callable[[], str]) -> None:
        self._s3, self._bucket = s3, bucket

    def write(self, number: int) -> tuple[str, str]:
        """Puts a new object."""
        key, value = f"drill/{uuid.uuid4()}.json", _plain({"number": number})
        taken(lambda: self._s3().put_object(Bucket=self._bucket(), Key=key, Body=value.encode()))
        return key, value

    def read(self, write: Write) -> str | None:
        """The object's content."""
        s3 = self._s3()
        try:
            return str(s3.get_object(Bucket=self._bucket(), Key=write.id)["Body"].read().decode())
        except s3.exceptions.NoSuchKey:
            return None


def taken(send: Callable[[], Any]) -> Any:
    """The answer of AWS; RefusedError when it refused or did not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return send()
    except (BotoCoreError, ClientError) as error:
        raise RefusedError(str(error)) from error


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
