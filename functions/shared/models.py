"""The table of trained models, as the functions that use it share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from typing import Any

from functions.shared.aws.sdk import client, code_of, plain

LIVE = "#live"
"""Key of the pointer to the live version: {liveVersion, updatedAt}."""

BASELINE = "baseline"
"""Version of the model that a new stack starts with; trained on example data, so nothing is compared with it."""


class ChangedError(Exception):
    """An item was not as the caller expected; nothing was written."""


class ModelsTable:
    """Items of the models table as plain dictionaries."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get(self, version: str) -> dict[str, Any] | None:
        """The item of a version, or None."""
        found = client("dynamodb").get_item(TableName=self._name, Key={"version": {"S": version}}, ConsistentRead=True)
        return read(found["Item"]) if "Item" in found else None

    def live(self) -> dict[str, Any] | None:
        """The live model's item, or None."""
        pointer = self.get(LIVE)
        return self.get(str(pointer["liveVersion"])) if pointer and pointer.get("liveVersion") else None

    def of_package(self, arn: str) -> dict[str, Any] | None:
        """The item of a model package, or None."""
        found = client("dynamodb").query(
            TableName=self._name,
            IndexName="PackageIndex",
            KeyConditionExpression="modelPackageArn = :arn",
            ExpressionAttributeValues={":arn": {"S": arn}},
        )["Items"]
        return self.get(str(read(found[0])["version"])) if found else None

    def of_group(self, group: str) -> list[dict[str, Any]]:
        """Every item of a group, the newest first; without the token that a training waits for."""
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._name,
                IndexName="GroupIndex",
                KeyConditionExpression="modelGroup = :group",
                ExpressionAttributeValues={":group": {"S": group}},
                ScanIndexForward=False,
            )
        )
        found = [read(item) for page in pages for item in page["Items"]]
        for item in found:
            item.pop("taskToken", None)
        return found

    def put(self, item: Mapping[str, Any], *, replaces: Mapping[str, Any] | None) -> None:
        """Writes an item in place of the one that was read before, or of none.

        Raises:
            ChangedError: another one was faster.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if replaces is not None:
            condition = {
                "ConditionExpression": "#status = :status AND #execution = :execution",
                "ExpressionAttributeNames": {"#status": "status", "#execution": "execution"},
                "ExpressionAttributeValues": written(
                    {":status": replaces.get("status", ""), ":execution": replaces.get("execution", "")}
                ),
            }
        with unchanged():
            client("dynamodb").put_item(TableName=self._name, Item=written(item), **condition)

    def update(self, version: str, values: Mapping[str, Any], *, status: str | None = None) -> None:
        """Sets attributes of an item, if it exists and (where one is given) has this status.

        Raises:
            ChangedError: it does not.
        """
        with unchanged():
            client("dynamodb").update_item(**change(self._name, version, values, status=status))

    def make_live(self, version: str, previous: str | None, model_data: str, at: str) -> None:
        """Makes a version the live one and archives the previous one, both or neither."""
        changes = [
            change(self._name, LIVE, {"liveVersion": version, "updatedAt": at}, new=True),
            change(self._name, version, {"status": "Live", "liveSince": at, "modelDataUrl": model_data}),
        ]
        if previous and previous != version:
            changes.append(change(self._name, previous, {"status": "Archived"}))
        with unchanged():
            client("dynamodb").transact_write_items(TransactItems=[{"Update": row} for row in changes])


def change(
    table: str, version: str, values: Mapping[str, Any], *, status: str | None = None, new: bool = False
) -> dict[str, Any]:
    """The parameters of an UpdateItem."""
    names = {f"#a{index}": name for index, name in enumerate(values)}
    put = written({f":v{index}": value for index, value in enumerate(values.values())})
    made: dict[str, Any] = {
        "TableName": table,
        "Key": {"version": {"S": version}},
        "UpdateExpression": "SET " + ", ".join(f"#a{index} = :v{index}" for index in range(len(values))),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": put,
    }
    if status is not None:
        made["ConditionExpression"] = "#expected = :expected"
        names["#expected"] = "status"
        put[":expected"] = {"S": status}
    elif not new:
        made["ConditionExpression"] = "attribute_exists(version)"
    return made


@contextmanager
def unchanged() -> Iterator[None]:
    """Turns a failed condition into ChangedError."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if code_of(error) in ("ConditionalCheckFailedException", "TransactionCanceledException"):
            raise ChangedError from error
        raise


@lru_cache
def documents() -> tuple[Any, Any]:
    """The SDK's serializer and deserializer of items."""
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

    return TypeSerializer(), TypeDeserializer()


def written(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item in DynamoDB's notation."""
    return {name: documents()[0].serialize(exact(value)) for name, value in item.items()}


def read(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as plain data."""
    return {name: plain(documents()[1].deserialize(value)) for name, value in item.items()}


def exact(value: Any) -> Any:
    """Floats as the decimals that DynamoDB takes."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: exact(member) for name, member in value.items()}
    return [exact(member) for member in value] if isinstance(value, list) else value
