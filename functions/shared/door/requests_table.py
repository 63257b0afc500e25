"""The table of requests that came with an Idempotency-Key, by signed calls without the SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError
from functions.shared.door.idempotency import Record
from functions.shared.errors import ApiError


class Calls(Protocol):
    """What calls DynamoDB (functions.shared.aws.calls.Service)."""

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """One operation; AwsError, AwsTimeoutError or AwsUnreachableError where it did not work."""


class RequestsTable:
    """One item a key; items go away by themselves."""

    def __init__(self, service: Calls, table: str) -> None:
        self._service, self._table = service, table

    def begin(self, name: str, record: Record, now: int, ends: int) -> Record | None:
        """Writes a record where none counts any more; else gives the one that is there."""
        request = {
            "TableName": self._table,
            "Item": {**written(record), "request": {"S": name}, "ttl": {"N": str(ends)}},
            # An item may stay for days after its time; until it is gone it counts as gone.
            "ConditionExpression": "attribute_not_exists(#request) OR #ttl <= :now",
            "ExpressionAttributeNames": {"#request": "request", "#ttl": "ttl"},
            "ExpressionAttributeValues": {":now": {"N": str(now)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with reached() as refusal:
            self._service.call("PutItem", request)
        return read(refusal.item) if refusal.item else None

    def take_over(self, name: str, before: Record, owner: str, until: int) -> bool:
        """Claims a record that was left; False where somebody else was faster."""
        mine = Record(before.digest, before.made_id, owner, until)
        return self._update(name, before.owner, {"owner": written(mine)["owner"], "until": written(mine)["until"]})

    def finish(self, name: str, record: Record) -> None:
        """Writes the claim's end, and the answer where there is one, if the owner is still the same."""
        values = {name: value for name, value in written(record).items() if name not in {"digest", "madeId", "owner"}}
        if not self._update(name, record.owner, values):
            raise ApiError("unavailable", why="requests table: claimed by another")

    def add(self, name: str, count: int, ends: int) -> int:
        """Adds to a count, which goes away at a second, and gives what it is now."""
        request = {
            "TableName": self._table,
            "Key": {"request": {"S": name}},
            "UpdateExpression": "SET #ttl = :ends ADD #count :count",
            "ExpressionAttributeNames": {"#ttl": "ttl", "#count": "count"},
            "ExpressionAttributeValues": {":ends": {"N": str(ends)}, ":count": {"N": str(count)}},
            "ReturnValues": "UPDATED_NEW",
        }
        with reached():
            return int(self._service.call("UpdateItem", request)["Attributes"]["count"]["N"])
        raise ApiError("unavailable", why="requests table: refused")

    def _update(self, name: str, owner: str, values: Mapping[str, Any]) -> bool:
        names = {f"#a{at}": key for at, key in enumerate(values)}
        given = {f":v{at}": value for at, value in enumerate(values.values())}
        request = {
            "TableName": self._table,
            "Key": {"request": {"S": name}},
            "UpdateExpression": "SET " + ", ".join(f"#a{at} = :v{at}" for at in range(len(values))),
            "ConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {**names, "#owner": "owner"},
            "ExpressionAttributeValues": {**given, ":owner": {"S": owner}},
        }
        with reached() as refusal:
            self._service.call("UpdateItem", request)
        return not refusal.refused


@dataclass
class Refusal:
    """Whether a condition did not hold, and the item that was there instead."""

    refused: bool = False
    item: Mapping[str, Any] | None = None


@contextmanager
def reached() -> Iterator[Refusal]:
    """Takes a condition that does not hold for an answer, and every other error for a table that is not available."""
    refusal = Refusal()
    try:
        yield refusal
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise ApiError("unavailable", why=f"requests table: {error.code}") from error
        refusal.refused, refusal.item = True, error.body.get("Item")
    except (AwsTimeoutError, AwsUnreachableError, ValueError) as error:
        raise ApiError("unavailable", why=f"requests table: {type(error).__name__}") from error


def written(record: Record) -> dict[str, Any]:
    """A record as attributes."""
    return {
        "digest": {"S": record.digest},
        "madeId": {"S": record.made_id},
        "owner": {"S": record.owner},
        "until": {"N": str(record.claimed_until)},
        "status": {"N": str(record.status)},
        "body": {"S": record.body},
        "headers": {"S": json.dumps(dict(record.headers or {}))},
    }


def read(item: Mapping[str, Any]) -> Record:
    """Attributes as a record."""
    return Record(
        digest=item["digest"]["S"],
        made_id=item["madeId"]["S"],
        owner=item["owner"]["S"],
        claimed_until=int(item["until"]["N"]),
        status=int(item["status"]["N"]),
        body=item["body"]["S"],
        headers=json.loads(item["headers"]["S"]),
    )
