"""The tables as data: keys, indexes, what expires."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

TableName = Literal["users", "sessions", "models", "predictions", "batches", "counters", "requests"]

TABLES: Final[tuple[TableName, ...]] = get_args(TableName)
KEYS: Final[dict[TableName, str]] = {
    "users": "userId",
    "sessions": "sessionId",
    "models": "version",
    "predictions": "predictionId",
    "batches": "batchId",
    "counters": "counter",
    "requests": "request",
}
"""Table → hash key; none has a range key."""

INDEXES: Final[dict[TableName, dict[str, tuple[str, str | None]]]] = {
    "users": {"EmailIndex": ("email", None), "CreatedAtIndex": ("kind", "createdAt")},
    "sessions": {"UserIdIndex": ("userId", "createdAt")},
    "models": {"GroupIndex": ("modelGroup", "createdAt"), "PackageIndex": ("modelPackageArn", None)},
    "predictions": {"UserIndex": ("userId", "createdAt")},
    "batches": {"UserIndex": ("userId", "createdAt")},
    "counters": {},
    "requests": {},
}
"""Table → index → hash key and range key."""

EXPIRING: Final[tuple[TableName, ...]] = ("sessions", "predictions", "batches", "counters", "requests")
"""Tables whose items end at the second that their attribute `ttl` names."""


KEYS_ONLY: Final = ("CreatedAtIndex",)
"""Indexes without other attributes: all their rows have one hash key, so nothing may write them but what is new."""


def attributes(table: TableName) -> list[Any]:
    """Every key of a table and its indexes, once."""
    keys = {KEYS[table]}.union(*(pair for pair in INDEXES[table].values())) - {None}
    return [{"name": key, "type": "S"} for key in sorted(str(key) for key in keys)]


def indexes(table: TableName) -> list[Any]:
    """The indexes of a table, each with all attributes but those of KEYS_ONLY."""
    return [
        {"name": index, "hash_key": hash_key, "projection_type": "KEYS_ONLY" if index in KEYS_ONLY else "ALL"}
        | ({"range_key": range_key} if range_key else {})
        for index, (hash_key, range_key) in INDEXES[table].items()
    ]
