"""Users in DynamoDB, their accounts in the user pool, what they keep in the relational database and in their folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from functions.shared.aws.sdk import client, code_of, told, tolerated
from functions.shared.aws.updates import setting
from functions.shared.database.faults import told as told_by_database
from functions.shared.database.queries import users
from functions.shared.database.session import Database
from functions.shared.errors import ApiError
from functions.shared.identity.people import KIND
from functions.shared.logs import now
from functions.shared.models import read
from functions.shared.places import FOLDERS
from functions.shared.resources.lists import FURTHEST, Mark, Place
from functions.users.logic import Listed

PERSONAL: Final = ("email", "kind", "language", "lastSignInAt", "name")
"""What a closed account's item loses; with its `kind` it leaves the list."""
TRIES: Final = 3
"""How often what a batch has not answered is asked for."""


class UsersTable:
    """The table of users."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, user_id: str) -> dict[str, Any] | None:
        """A user's item."""
        with told():
            found = client("dynamodb").get_item(TableName=self._table, Key=key(user_id), ConsistentRead=True)
        return read(found["Item"]) if "Item" in found else None

    def change(self, user_id: str, version: int, values: Mapping[str, str]) -> dict[str, Any] | None:
        """Sets attributes of a version; None when it is there no more."""
        update = setting({**values, "updatedAt": now()}, number={"version": version + 1})
        made = self._update(user_id, version, update, ReturnValues="ALL_NEW")
        return None if made is None else read(made["Attributes"])

    def forget(self, user_id: str, version: int) -> bool:
        """Takes all that is personal from a version; whether it was there."""
        update = setting({"deletedAt": now()}, number={"version": version + 1})
        update["UpdateExpression"] += " REMOVE " + ", ".join(f"#{name}" for name in PERSONAL)
        update["ExpressionAttributeNames"] |= {f"#{name}": name for name in PERSONAL}
        return self._update(user_id, version, update) is not None

    def close(self, user_id: str) -> None:
        """Notes that nothing of an account is left to do."""
        with told():
            client("dynamodb").update_item(TableName=self._table, Key=key(user_id), **setting({"closedAt": now()}))

    def page(self, place: Place) -> Listed:
        """A page, where it ended if more follow, and how many there are as far as pages by number reach."""
        with told():
            total = self._count(place.start)
            keys = self._keys(place, place.offset + place.limit + 1)
            rest = keys[place.offset :]
            shown = rest[: place.limit]
            items = self._items([row["userId"]["S"] for row in shown])
        ended = place.mark(*spot(shown[-1])) if len(rest) > len(shown) else None
        return Listed(items, place.pagination(total, ended, place.began(spot(keys[0]) if keys else None)))

    def _update(self, user_id: str, version: int, update: dict[str, Any], **more: Any) -> dict[str, Any] | None:
        """An update of one version of a record that is there; None when it is not."""
        from botocore.exceptions import ClientError

        seen = "#version = :seen" if version else "attribute_not_exists(#version)"
        values = update["ExpressionAttributeValues"] | ({":seen": {"N": str(version)}} if version else {})
        names = update["ExpressionAttributeNames"] | {"#id": "userId", "#deleted": "deletedAt"}
        update = {
            **update,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ConditionExpression": f"attribute_exists(#id) AND attribute_not_exists(#deleted) AND {seen}",
        }
        with told():
            try:
                made: dict[str, Any] = client("dynamodb").update_item(
                    TableName=self._table, Key=key(user_id), **update, **more
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return None
        return made

    def _count(self, start: Mark | None) -> int:
        """How many users there are, counted so far; each megabyte of keys, ten thousand of them, is one request."""
        asked = {**self._listing(start), "Select": "COUNT"}
        pages = client("dynamodb").get_paginator("query").paginate(IndexName="CreatedAtIndex", **asked)
        total = 0
        for page in pages:
            total += page["Count"]
            if total >= FURTHEST:
                return FURTHEST
        return total

    def _keys(self, place: Place, most: int) -> list[dict[str, Any]]:
        """Keys of the newest users, of those from one on, or of those that were there before one."""
        asked: dict[str, Any] = {}
        if place.after is not None:
            last = {"kind": KIND, "createdAt": place.after.moment, "userId": place.after.id}
            asked["ExclusiveStartKey"] = {name: {"S": value} for name, value in last.items()}
        found: list[dict[str, Any]] = []
        while True:
            answer = client("dynamodb").query(
                **self._listing(place.start),
                IndexName="CreatedAtIndex",
                ScanIndexForward=False,
                Limit=most - len(found),
                **asked,
            )
            found += answer["Items"]
            if len(found) >= most or "LastEvaluatedKey" not in answer:
                return found
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _listing(self, start: Mark | None) -> dict[str, Any]:
        """The query of all users, or of those who are as old as one; several may have joined in its millisecond."""
        values, condition = {":kind": {"S": KIND}}, "kind = :kind"
        if start is not None:
            values[":start"], condition = {"S": start.moment}, f"{condition} AND createdAt <= :start"
        return {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }

    def _items(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """The items of users in this order; the index may still name one whose account was closed a moment ago."""
        found: dict[str, dict[str, Any]] = {}
        wanted: dict[str, Any] = {self._table: {"Keys": [key(user_id) for user_id in ids]}} if ids else {}
        for _ in range(TRIES):
            if not wanted:
                break
            answer = client("dynamodb").batch_get_item(RequestItems=wanted)
            rows = [read(row) for row in answer["Responses"].get(self._table, [])]
            found |= {row["userId"]: row for row in rows}
            wanted = answer.get("UnprocessedKeys") or {}
        if wanted:
            raise ApiError("throttled", why="users table")
        return [found[user_id] for user_id in ids if user_id in found and "deletedAt" not in found[user_id]]


class PoolAccounts:
    """Accounts of a user pool."""

    def __init__(self, pool_id: str) -> None:
        self._pool_id = pool_id

    def delete(self, user_id: str) -> None:
        """Takes an account away, with its refresh tokens; one of another region's pool cannot be reached from here."""
        with told(), tolerated("UserNotFoundException"):
            client("cognito-idp").admin_delete_user(UserPoolId=self._pool_id, Username=user_id)


class Folder:
    """Objects of a user, below the prefix that the identity pool's credentials reach."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def forget(self, user_id: str) -> None:
        """Deletes a user's objects; as versions they stay for as long as the bucket keeps old ones."""
        with told():
            pages = client("s3").get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{FOLDERS}{user_id}/"):
                rows = [{"Key": row["Key"]} for row in page.get("Contents", [])]
                if not rows:
                    continue
                done = client("s3").delete_objects(Bucket=self._bucket, Delete={"Objects": rows, "Quiet": True})
                if done.get("Errors"):
                    raise ApiError("unavailable", why=f"folder: {done['Errors'][0].get('Code')}")


class RelationalData:
    """Records and submissions; None stands for a stack without a relational database, where there are none."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def forget(self, user_id: str) -> None:
        """Deletes a user's rows, also where the database only reads because it waits for another region's."""
        if self._database is not None:
            with told_by_database(), self._database.transaction(always=True) as session:
                users.forget(session, UUID(user_id))


def key(user_id: str) -> dict[str, Any]:
    """The key of a user's item."""
    return {"userId": {"S": user_id}}


def spot(row: Mapping[str, Any]) -> tuple[str, str]:
    """Where a key of the index stands in the list."""
    return row["createdAt"]["S"], row["userId"]["S"]
