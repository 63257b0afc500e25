"""A table in use and the one restored beside it: what differs, and copying back without losing newer writes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Item = Mapping[str, Any]
"""An item in DynamoDB's own JSON."""


@dataclass
class Differences:
    """What has happened to a table since the time that it was restored to, by key."""

    missing: dict[str, Item] = field(default_factory=dict)
    """Restored items that the table in use lacks."""
    changed: dict[str, tuple[Item, Item]] = field(default_factory=dict)
    """Items that differ: as in use, as restored."""
    added: dict[str, Item] = field(default_factory=dict)
    """Items that are only in the table in use."""


@dataclass
class Copied:
    """What copying back did."""

    copied: int = 0
    overtaken: list[str] = field(default_factory=list)
    """Keys of items that somebody wrote after they were compared; they are as that writer left them."""

    def count(self, key: str, *, put: bool) -> None:
        """Notes what came of one item."""
        self.copied += put
        if not put:
            self.overtaken.append(key)


def differences(dynamodb: Any, live: str, restored: str) -> Differences:
    """Compares two tables of the same key, read consistently and held in memory.

    Items whose time to live is over are none: DynamoDB deletes them in its own time.
    """
    names = _keys(dynamodb, live)
    if names != _keys(dynamodb, restored):
        raise ValueError(f"{live} and {restored} have different keys; give a table and its own restored copy")
    expiry = _expiry(dynamodb, live)
    now, before = _items(dynamodb, live, names, expiry), _items(dynamodb, restored, names, expiry)
    return Differences(
        missing={key: item for key, item in before.items() if key not in now},
        changed={key: (now[key], item) for key, item in before.items() if key in now and now[key] != item},
        added={key: item for key, item in now.items() if key not in before},
    )


def copy_back(dynamodb: Any, live: str, restored: str, *, only: str | None = None) -> Copied:
    """Puts what is missing or changed back as it was restored; each item only if nobody has written it meanwhile.

    Args:
        dynamodb: a client.
        live: the table in use.
        restored: its restored copy.
        only: `missing` or `changed`, to leave the others.
    """
    found, done = differences(dynamodb, live, restored), Copied()
    hash_name = _keys(dynamodb, live)[0]
    if only != "changed":
        for key, item in found.missing.items():
            absent = {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": hash_name}}
            done.count(key, put=_put(dynamodb, live, item, absent))
    if only != "missing":
        for key, (current, item) in found.changed.items():
            done.count(key, put=_put(dynamodb, live, item, unchanged(current, item)))
    return done


def unchanged(current: Item, wanted: Item) -> dict[str, Any]:
    """The condition that an item still is what it was when compared, in what would be overwritten."""
    names = sorted(name for name in {*current, *wanted} if current.get(name) != wanted.get(name))
    expressions = [
        f"#n{number} = :v{number}" if name in current else f"attribute_not_exists(#n{number})"
        for number, name in enumerate(names)
    ]
    condition: dict[str, Any] = {
        "ConditionExpression": " AND ".join(expressions),
        "ExpressionAttributeNames": {f"#n{number}": name for number, name in enumerate(names)},
    }
    values = {f":v{number}": current[name] for number, name in enumerate(names) if name in current}
    return condition | ({"ExpressionAttributeValues": values} if values else {})


def restorable(dynamodb: Any, table: str, at: datetime) -> bool:
    """Whether a table can be restored to a time already; ValueError when it never can."""
    described = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    window = described.get("PointInTimeRecoveryDescription", {})
    if window.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise ValueError(f"{table} has no point-in-time recovery; restore it from the backup vault")
    # Times are asked for by the second; the second in which recovery was switched on belongs to it.
    earliest = window["EarliestRestorableDateTime"].replace(microsecond=0)
    if at < earliest:
        raise ValueError(
            f"{at.isoformat()} is before {earliest.isoformat()}, the earliest time of {table}; take a later"
        )
    return bool(at <= window["LatestRestorableDateTime"])


def _put(dynamodb: Any, table: str, item: Item, condition: Mapping[str, Any]) -> bool:
    """Puts an item if its condition holds; whether it did."""
    try:
        dynamodb.put_item(TableName=table, Item=dict(item), **condition)
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _keys(dynamodb: Any, table: str) -> list[str]:
    """The names of the key attributes, the hash key first."""
    schema = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
    return [row["AttributeName"] for row in sorted(schema, key=lambda row: row["KeyType"])]


def _expiry(dynamodb: Any, table: str) -> str:
    """The attribute that holds the time to live; empty without one."""
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return str(described.get("AttributeName") or "")


def _items(dynamodb: Any, table: str, names: list[str], expiry: str) -> dict[str, Item]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    now = time.time()
    return {
        json.dumps({name: item[name] for name in names}): item
        for page in pages
        for item in page["Items"]
        if float(item.get(expiry, {}).get("N", "inf")) > now
    }
