"""The record of a batch, and the slots of the transforms that run at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.shared.aws.sdk import client
from functions.shared.models import read, unchanged, written

QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED = "QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"
OPEN: Final = (QUEUED, RUNNING)
"""States in which a batch may still change."""

ENDPOINT, TRANSFORM = "endpoint", "transform"
"""How a batch is answered: by the live endpoint, piece by piece, or by a job of its own."""

PENDING, SENT, DELIVERED, REFUSED, UNDELIVERED = "PENDING", "SENT", "DELIVERED", "REFUSED", "UNDELIVERED"
"""States of a callback."""

UNACCEPTED_S: Final = 86_400
"""How long a record stays whose batch nobody has begun to work on, in seconds: its caller may never have been told."""


class BatchesTable:
    """Items of the batches table as plain dictionaries.

    One item a region holds the ids of the batches whose transforms run there; its key is no batch's id.
    """

    def __init__(self, name: str, region: str) -> None:
        self._name, self._slots = name, {"batchId": {"S": f"#transforms/{region}"}}

    def add(self, item: Mapping[str, Any]) -> None:
        """Writes a new item.

        Raises:
            ChangedError: there is one with this id.
        """
        with unchanged():
            client("dynamodb").put_item(
                TableName=self._name, Item=written(item), ConditionExpression="attribute_not_exists(batchId)"
            )

    def get(self, batch_id: str) -> dict[str, Any] | None:
        """An item, or None."""
        found = client("dynamodb").get_item(TableName=self._name, Key={"batchId": {"S": batch_id}}, ConsistentRead=True)
        return read(found["Item"]) if "Item" in found else None

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """Every item of a user, the newest first; two of the same moment in the order of their ids."""
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._name,
                IndexName="UserIndex",
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
                ScanIndexForward=False,
            )
        )
        found = [read(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda item: (str(item["createdAt"]), str(item["batchId"])), reverse=True)

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Sets attributes of an item whose other attributes are among those named, and gives the whole item.

        Raises:
            ChangedError: there is no such item, or it is otherwise.
        """
        names = {f"#v{at}": name for at, name in enumerate(values)} | {f"#w{at}": name for at, name in enumerate(where)}
        put = {f":v{at}": value for at, value in enumerate(values.values())}
        conditions = []
        for at, allowed in enumerate(where.values()):
            marks = {f":w{at}x{number}": value for number, value in enumerate(allowed)}
            put |= marks
            conditions.append(f"#w{at} IN ({', '.join(marks)})")
        with unchanged():
            found = client("dynamodb").update_item(
                TableName=self._name,
                Key={"batchId": {"S": batch_id}},
                UpdateExpression="SET " + ", ".join(f"#v{at} = :v{at}" for at in range(len(values))),
                ConditionExpression=" AND ".join(["attribute_exists(batchId)", *conditions]),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=written(put),
                ReturnValues="ALL_NEW",
            )
        return read(found["Attributes"])

    def take_slot(self, batch_id: str, most: int) -> None:
        """Counts a batch among those whose transforms run; one that is counted already stays.

        Raises:
            ChangedError: as many run as may.
        """
        with unchanged():
            client("dynamodb").update_item(
                TableName=self._name,
                Key=self._slots,
                UpdateExpression="ADD running :one",
                ConditionExpression="attribute_not_exists(running) OR size(running) < :most OR contains(running, :id)",
                ExpressionAttributeValues={
                    ":one": {"SS": [batch_id]}, ":most": {"N": str(most)}, ":id": {"S": batch_id},
                },
            )  # fmt: skip

    def free_slot(self, batch_id: str) -> None:
        """Counts a batch no more."""
        client("dynamodb").update_item(
            TableName=self._name,
            Key=self._slots,
            UpdateExpression="DELETE running :one",
            ExpressionAttributeValues={":one": {"SS": [batch_id]}},
        )

    def running(self) -> list[str]:
        """Ids of the batches that hold a slot."""
        found = client("dynamodb").get_item(TableName=self._name, Key=self._slots, ConsistentRead=True)
        return sorted(found.get("Item", {}).get("running", {}).get("SS", []))
