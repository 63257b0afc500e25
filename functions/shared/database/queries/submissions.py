"""Work that users ask for, and its results. An `owner` of None stands for an administrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from functions.shared.database.queries.pages import Cursor, Filter, Page, page
from functions.shared.database.session import Row, Session

SELECT = (
    "SELECT id, owner_id, kind, status, request, error, created_at, updated_at, finished_at FROM platform.submissions"
)
_RETURNING = "RETURNING id, owner_id, kind, status, request, error, created_at, updated_at, finished_at"


def add(session: Session, owner: UUID, kind: str, request: Mapping[str, Any]) -> Row:
    """A new submission, queued."""
    return session.run(
        f"INSERT INTO platform.submissions (owner_id, kind, request) VALUES (:owner, :kind, :request) {_RETURNING}",
        owner=owner,
        kind=kind,
        request=dict(request),
    )[0]


def one(session: Session, submission_id: UUID, owner: UUID | None) -> Row | None:
    """A submission."""
    rows = session.run(
        f"{SELECT} WHERE id = :id AND owner_id = coalesce(:owner, owner_id)", id=submission_id, owner=owner
    )
    return rows[0] if rows else None


def newest(
    session: Session, owner: UUID | None, *, limit: int, after: Cursor | None = None, status: str | None = None
) -> Page:
    """Submissions, the newest first."""
    return page(session, SELECT, Filter({"owner_id": owner, "status": status}), limit=limit, after=after)


def count(session: Session, owner: UUID, status: str) -> int:
    """How many submissions of an owner are in a status."""
    rows = session.run(
        "SELECT count(*) AS count FROM platform.submissions WHERE owner_id = :owner AND status = :status",
        owner=owner,
        status=status,
    )
    return int(rows[0]["count"])


def begin(session: Session, submission_id: UUID) -> Row | None:
    """Takes a queued submission; None when another worker has it, or it is over."""
    rows = session.run(
        f"""
        UPDATE platform.submissions SET status = 'running', updated_at = now()
        WHERE id = :id AND status = 'queued' {_RETURNING}
        """,
        id=submission_id,
    )
    return rows[0] if rows else None


def finish(
    session: Session,
    submission_id: UUID,
    outputs: Sequence[Mapping[str, Any]],
    *,
    model_version: str | None = None,
    error: str | None = None,
) -> Row | None:
    """Ends a running submission with its results, or with why it failed; None when it does not run.

    To be called in a transaction, so that results and status come together.
    """
    rows = session.run(
        f"""
        UPDATE platform.submissions
        SET status = CASE WHEN CAST(:error AS text) IS NULL THEN 'done' ELSE 'failed' END, error = :error,
            updated_at = now(), finished_at = now()
        WHERE id = :id AND status = 'running' {_RETURNING}
        """,
        id=submission_id,
        error=error,
    )
    for position, output in enumerate(outputs if rows else []):
        session.run(
            """
            INSERT INTO platform.results (submission_id, position, output, model_version)
            VALUES (:id, :position, :output, :model_version)
            """,
            id=submission_id,
            position=position,
            output=dict(output),
            model_version=model_version,
        )
    return rows[0] if rows else None


def results(session: Session, submission_id: UUID, *, limit: int, begin_at: int = 0) -> list[Row]:
    """Results of a submission in their order, from a position on."""
    return session.run(
        """
        SELECT position, output, model_version, created_at FROM platform.results
        WHERE submission_id = :id AND position >= :begin ORDER BY position LIMIT :count
        """,
        id=submission_id,
        begin=begin_at,
        count=limit,
    )
