"""Data records of users. An `owner` of None stands for an administrator, who reaches everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from functions.shared.database.queries.pages import Cursor, Page, page
from functions.shared.database.session import Row, Session

SELECT = "SELECT id, owner_id, status, payload, version, created_at, updated_at FROM platform.records"
_RETURNING = "RETURNING id, owner_id, status, payload, version, created_at, updated_at"


def add(session: Session, owner: UUID, payload: Mapping[str, Any], attributes: Mapping[str, Any]) -> Row:
    """A new record with its metadata, in one statement.

    Raises:
        StatementError: constraint `records_owner_id_fkey`: the user is not known; keep it first.
    """
    return session.run(
        f"""
        WITH added AS (INSERT INTO platform.records (owner_id, payload) VALUES (:owner, :payload) {_RETURNING}),
        described AS (INSERT INTO platform.metadata (record_id, attributes) SELECT id, :attributes FROM added)
        SELECT * FROM added
        """,
        owner=owner,
        payload=dict(payload),
        attributes=dict(attributes),
    )[0]


def one(session: Session, record_id: UUID, owner: UUID | None) -> Row | None:
    """A record with its metadata as `attributes`."""
    rows = session.run(
        f"""
        SELECT r.*, m.attributes
        FROM ({SELECT} WHERE id = :id AND owner_id = coalesce(:owner, owner_id)) AS r
        LEFT JOIN platform.metadata AS m ON m.record_id = r.id
        """,
        id=record_id,
        owner=owner,
    )
    return rows[0] if rows else None


def newest(
    session: Session, owner: UUID | None, *, limit: int, after: Cursor | None = None, status: str | None = None
) -> Page:
    """Records, the newest first; with a status only of one owner."""
    return page(session, SELECT, limit=limit, after=after, owner_id=owner, status=status)


def with_attributes(session: Session, owner: UUID, attributes: Mapping[str, Any], *, limit: int) -> list[Row]:
    """An owner's newest records whose metadata holds all of these attributes."""
    return session.run(
        f"""
        SELECT r.* FROM platform.metadata AS m
        JOIN ({SELECT}) AS r ON r.id = m.record_id
        WHERE m.attributes @> :attributes AND r.owner_id = :owner
        ORDER BY r.created_at DESC, r.id DESC LIMIT :count
        """,
        attributes=dict(attributes),
        owner=owner,
        count=limit,
    )


def count(session: Session, owner: UUID) -> int:
    """How many records an owner has."""
    rows = session.run("SELECT count(*) AS count FROM platform.records WHERE owner_id = :owner", owner=owner)
    return int(rows[0]["count"])


def change(
    session: Session,
    record_id: UUID,
    owner: UUID | None,
    version: int,
    *,
    payload: Mapping[str, Any] | None = None,
    status: str | None = None,
) -> Row | None:
    """Changes the version that the caller has seen; None when there is no such record, or another version of it."""
    rows = session.run(
        f"""
        UPDATE platform.records
        SET payload = coalesce(:payload, payload), status = coalesce(:status, status),
            version = version + 1, updated_at = now()
        WHERE id = :id AND owner_id = coalesce(:owner, owner_id) AND version = :version
        {_RETURNING}
        """,
        id=record_id,
        owner=owner,
        version=version,
        payload=None if payload is None else dict(payload),
        status=status,
    )
    return rows[0] if rows else None


def describe(session: Session, record_id: UUID, attributes: Mapping[str, Any]) -> None:
    """Gives a record other metadata; the caller has changed the record in the same transaction."""
    session.run(
        """
        INSERT INTO platform.metadata (record_id, attributes) VALUES (:id, :attributes)
        ON CONFLICT (record_id) DO UPDATE SET attributes = excluded.attributes, updated_at = now()
        """,
        id=record_id,
        attributes=dict(attributes),
    )


def remove(session: Session, record_id: UUID, owner: UUID | None, version: int | None = None) -> bool:
    """Deletes a record and its metadata; whether there was one, in the version that the caller has seen if it says."""
    rows = session.run(
        """
        DELETE FROM platform.records
        WHERE id = :id AND owner_id = coalesce(:owner, owner_id) AND version = coalesce(:version, version)
        RETURNING id
        """,
        id=record_id,
        owner=owner,
        version=version,
    )
    return bool(rows)
