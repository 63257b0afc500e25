"""Data records of users. An `owner` of None stands for an administrator, who reaches everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from functions.shared.database.queries import pages
from functions.shared.database.queries.pages import NEWEST, Cursor, Filter, Order, Page, page
from functions.shared.database.session import Row, Session

_TABLE = "platform.records"
_COLUMNS = "id, owner_id, status, payload, version, created_at, updated_at"
_ATTRIBUTES = "(SELECT m.attributes FROM platform.metadata AS m WHERE m.record_id = records.id) AS attributes"
SELECT = f"SELECT {_COLUMNS}, {_ATTRIBUTES} FROM {_TABLE}"
SUMMARY = f"SELECT id, owner_id, status, version, created_at, updated_at, {_ATTRIBUTES} FROM {_TABLE}"
"""Without what each record holds: a page of a hundred has to fit into an answer."""


def add(
    session: Session, record_id: UUID, owner: UUID, payload: Mapping[str, Any], attributes: Mapping[str, Any]
) -> Row | None:
    """A new record with its metadata, in one statement; the one that is there when it was added before.

    None when the id is somebody else's.

    Raises:
        StatementError: constraint `records_owner_id_fkey`: the user is not known; keep it first.
    """
    rows = session.run(
        f"""
        WITH added AS (
            INSERT INTO {_TABLE} (id, owner_id, payload) VALUES (:id, :owner, :payload)
            ON CONFLICT (id) DO NOTHING RETURNING {_COLUMNS}
        ), described AS (
            INSERT INTO platform.metadata (record_id, attributes) SELECT id, :attributes FROM added RETURNING attributes
        )
        SELECT * FROM added, described
        """,
        id=record_id,
        owner=owner,
        payload=dict(payload),
        attributes=dict(attributes),
    )
    return rows[0] if rows else one(session, record_id, owner)


def one(session: Session, record_id: UUID, owner: UUID | None) -> Row | None:
    """A record."""
    rows = session.run(f"{SELECT} WHERE id = :id AND owner_id = coalesce(:owner, owner_id)", id=record_id, owner=owner)
    return rows[0] if rows else None


def wanted(
    owner: UUID | None = None,
    status: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    **moments: Any,
) -> Filter:
    """Records with all of this; `since` and `until` go by the moment that the list is sorted by."""
    if not attributes:
        return Filter({"owner_id": owner, "status": status}, **moments)
    # An owner's rows are few, so each is looked up; among everybody's the planner chooses by how rare the values are.
    has = "(SELECT m.attributes FROM platform.metadata AS m WHERE m.record_id = records.id) @> :attributes"
    if owner is None:
        has = (
            "EXISTS (SELECT FROM platform.metadata AS m WHERE m.record_id = records.id AND m.attributes @> :attributes)"
        )
    values = {"attributes": dict(attributes)}
    return Filter({"owner_id": owner, "status": status}, more=has, values=values, **moments)


def listed(
    session: Session,
    chosen: Filter,
    *,
    limit: int,
    order: Order = NEWEST,
    after: Cursor | None = None,
    offset: int = 0,
) -> Page:
    """A page of records, without their payloads."""
    return page(session, SUMMARY, chosen, limit=limit, order=order, after=after, offset=offset)


def count(session: Session, chosen: Filter, *, most: int, order: Order = NEWEST) -> int:
    """How many records there are, counted up to so many."""
    return pages.count(session, _TABLE, chosen, most=most, order=order)


def replace(
    session: Session,
    record_id: UUID,
    version: int,
    *,
    payload: Mapping[str, Any],
    attributes: Mapping[str, Any],
    status: str,
) -> Row | None:
    """Writes a record over the version that the caller has seen; None when there is another version, or none."""
    rows = session.run(
        f"""
        WITH changed AS (
            UPDATE {_TABLE} SET payload = :payload, status = :status, version = version + 1, updated_at = now()
            WHERE id = :id AND version = :version RETURNING {_COLUMNS}
        ), described AS (
            INSERT INTO platform.metadata (record_id, attributes) SELECT id, :attributes FROM changed
            ON CONFLICT (record_id) DO UPDATE SET attributes = excluded.attributes, updated_at = now()
            RETURNING attributes
        )
        SELECT * FROM changed, described
        """,
        id=record_id,
        version=version,
        payload=dict(payload),
        attributes=dict(attributes),
        status=status,
    )
    return rows[0] if rows else None


def remove(session: Session, record_id: UUID, version: int) -> bool:
    """Deletes a record and its metadata; whether it was there, in this version."""
    rows = session.run(
        f"DELETE FROM {_TABLE} WHERE id = :id AND version = :version RETURNING id", id=record_id, version=version
    )
    return bool(rows)
