"""What happens to records: who may reach which, what a change makes of one, and pages of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final, Protocol
from uuid import UUID

from functions.records.schemas import DataRecord, RecordChange, RecordPage, RecordQuery, RecordSummary, WholeRecord
from functions.shared.database.queries.pages import Cursor, Filter, Order
from functions.shared.database.queries.pages import Page as Rows
from functions.shared.database.queries.records import wanted
from functions.shared.database.session import Row
from functions.shared.errors import ApiError, Detail
from functions.shared.identity.tokens import ADMINISTRATORS, Caller
from functions.shared.resources.conditional import Tagged, expected
from functions.shared.resources.lists import Place
from functions.shared.resources.merging import merged

LARGEST: Final = 256 * 1024
"""Bytes of what a record holds, as JSON."""
MOST_ATTRIBUTES: Final = 50
LONGEST: Final = 200
"""Characters of an attribute's value; its name has 64."""


@dataclass(frozen=True)
class Listed:
    """A page of records as their store gives it."""

    page: Rows
    total: int
    """Rows of the whole list, counted as far as pages by number reach."""
    first: Cursor | None = None
    """The list's first row, where there is one."""


class Records(Protocol):
    """Where records are; each method ends with an ApiError where the caller has to be told."""

    def add(
        self, record_id: UUID, owner: UUID, payload: Mapping[str, Any], attributes: Mapping[str, Any]
    ) -> Row | None:
        """A new record, or the one that was added under this id before; None when the id is somebody else's."""

    def one(self, record_id: UUID, owner: UUID | None) -> Row | None:
        """A record of an owner, or of anybody."""

    def listed(self, chosen: Filter, order: Order, place: Place) -> Listed:
        """A page."""

    def replace(self, record_id: UUID, version: int, whole: WholeRecord) -> Row | None:
        """Writes over a version; None when it is there no more."""

    def remove(self, record_id: UUID, version: int) -> bool:
        """Deletes a version; whether it was there."""


def add(
    records: Records, caller: Caller, payload: Mapping[str, Any], attributes: Mapping[str, Any], *, new_id: str
) -> Tagged:
    """Keeps a record of the caller's own; the same id again makes no second one."""
    fits(payload, attributes)
    row = records.add(UUID(new_id), person(caller), payload, attributes)
    if row is None:
        raise ApiError("key_reused")
    made = shown(row)
    return Tagged(made, made.version, location=f"data/{made.id}")


def get(records: Records, caller: Caller, record_id: str) -> Tagged:
    """A record that the caller may see."""
    return tagged(found(records, caller, record_id))


def replace(records: Records, caller: Caller, record_id: str, headers: Mapping[str, str], whole: WholeRecord) -> Tagged:
    """A record as a whole, over the version that the caller has seen."""
    row = found(records, caller, record_id)
    expected(headers, row["version"])
    return written(records, row, whole)


def change(records: Records, caller: Caller, record_id: str, headers: Mapping[str, str], part: RecordChange) -> Tagged:
    """Parts of a record, of the version that the caller has seen; a change of nothing makes no new version."""
    row = found(records, caller, record_id)
    expected(headers, row["version"])
    before = {"payload": row["payload"], "attributes": row["attributes"] or {}, "status": row["status"]}
    after = merged(before, part.model_dump(exclude_unset=True))
    return tagged(row) if after == before else written(records, row, WholeRecord(**after))


def remove(records: Records, caller: Caller, record_id: str, headers: Mapping[str, str]) -> None:
    """Deletes the version that the caller has seen."""
    row = found(records, caller, record_id)
    expected(headers, row["version"])
    if not records.remove(row["id"], row["version"]):
        raise ApiError("changed", why="meanwhile")


def page_of(records: Records, caller: Caller, query: RecordQuery) -> RecordPage:
    """A page of the caller's records, or of anybody's for an administrator."""
    owner = owner_of(caller, query.owner)
    order = Order("updated_at" if query.sort.endswith("updatedAt") else "created_at", query.sort.startswith("-"))
    chosen = wanted(owner, query.status, attribute_of(query.attribute), since=query.since, until=query.until)
    place = Place.of(query, query.sort)
    listed = records.listed(chosen, order, place)
    ended = None if listed.page.next is None else place.mark(*spot(listed.page.next))
    began = place.began(None if listed.first is None else spot(listed.first))
    return RecordPage(
        data=[summary(row) for row in listed.page.rows], pagination=place.pagination(listed.total, ended, began)
    )


def spot(row: Cursor) -> tuple[str, str]:
    """A row's place in a list, as a caller sends it back."""
    return row.moment.isoformat(), str(row.id)


def found(records: Records, caller: Caller, record_id: str) -> Row:
    """A record that the caller may reach; that somebody else has one is not told."""
    own = None if ADMINISTRATORS in caller.groups else person(caller)
    try:
        row = records.one(UUID(record_id), own)
    except ValueError:
        row = None
    if row is None:
        raise ApiError("unknown_record")
    return row


def owner_of(caller: Caller, asked: str | None) -> UUID | None:
    """Whose records are listed; None for everybody's."""
    anybody = ADMINISTRATORS in caller.groups
    if asked is None:
        return None if anybody else person(caller)
    if not anybody and asked != caller.user_id:
        raise ApiError("missing_group", [Detail("owner", "give your own id, or leave it out")])
    try:
        return UUID(asked)
    except ValueError:
        raise ApiError("invalid_request", [Detail("owner", "give a user's id")]) from None


def person(caller: Caller) -> UUID:
    """The caller as an owner; only people own records, and a pool gives each of them a UUID."""
    try:
        return UUID(caller.user_id)
    except ValueError:
        raise ApiError("missing_scope", why="no person") from None


def attribute_of(text: str | None) -> dict[str, Any] | None:
    """`batch:7` → {"batch": 7}; what is no number and neither true nor false is a text."""
    if text is None:
        return None
    name, _, value = text.partition(":")
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        read = value
    return {name: read if isinstance(read, (bool, int, float)) and math.isfinite(read) else value}


def fits(payload: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    """Ends with an ApiError where a record is larger than it may be, or has attributes that cannot be asked for."""
    if len(json.dumps(payload, ensure_ascii=False).encode()) > LARGEST:
        raise ApiError("too_large", [Detail("payload", f"give at most {LARGEST} bytes, as JSON without spaces")])
    details = []
    if len(attributes) > MOST_ATTRIBUTES:
        details.append(Detail("attributes", f"give at most {MOST_ATTRIBUTES}"))
    for name, value in attributes.items():
        if not 1 <= len(name) <= 64 or ":" in name:
            details.append(Detail("attributes", "give names of 1 to 64 characters without a colon"))
        elif not isinstance(value, (str, bool, int, float)) or len(str(value)) > LONGEST:
            told = f"give a text of at most {LONGEST} characters, a number, or true or false"
            details.append(Detail(f"attributes.{name}", told))
    if details:
        raise ApiError("invalid_request", details[:20])


def written(records: Records, row: Row, whole: WholeRecord) -> Tagged:
    """A record after a change."""
    fits(whole.payload, whole.attributes)
    made = records.replace(row["id"], row["version"], whole)
    if made is None:
        raise ApiError("changed", why="meanwhile")
    return tagged(made)


def tagged(row: Row) -> Tagged:
    """A record with its version."""
    return Tagged(shown(row), row["version"])


def shown(row: Row) -> DataRecord:
    """A record as its owner sees it."""
    return DataRecord(**dict(summary(row)), payload=row["payload"])


def summary(row: Row) -> RecordSummary:
    """A record as a list shows it."""
    return RecordSummary(
        id=str(row["id"]),
        owner_id=str(row["owner_id"]),
        status=row["status"],
        attributes=row["attributes"] or {},
        version=row["version"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
    )


def moment(at: datetime) -> str:
    """A moment as the API writes it."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
