"""Lists page by page, the newest first: each page begins where the last one ended, so no row is counted off."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from functions.shared.database.session import Row, Session
from functions.shared.errors import ApiError, Detail

MOST = 100
"""Rows of a page."""


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next one begins after it."""

    created_at: datetime
    id: UUID

    def text(self) -> str:
        """As a caller sends it back."""
        return urlsafe_b64encode(f"{self.created_at.isoformat()} {self.id}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """From what a caller sent.

        Raises:
            ApiError: `invalid_request`: it is none that a page gave.
        """
        try:
            moment, _, identity = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
            found = cls(datetime.fromisoformat(moment), UUID(identity))
        except ValueError:
            found = None
        if found is None or found.created_at.tzinfo is None or found.text() != text:
            raise ApiError("invalid_request", [Detail("cursor", "send the cursor of the last page as it was given")])
        return found


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next ones begin."""

    rows: list[Row]
    next: Cursor | None


def page(session: Session, select: str, *, limit: int, after: Cursor | None, **equal: Any) -> Page:
    """Rows of `SELECT … FROM …` with the given columns equal to the given values; None asks for no equality.

    Only columns of one table that have an index beginning with them and ending with `created_at DESC, id DESC` may be
    named, and only by code: names go into the statement, values never do.
    """
    chosen = {column: value for column, value in equal.items() if value is not None}
    conditions = [f"{column} = :{column}" for column in chosen]
    values: dict[str, Any] = {**chosen, "count": min(limit, MOST) + 1}
    if after is not None:
        conditions.append("(created_at, id) < (:moment, :id)")
        values |= {"moment": after.created_at, "id": after.id}
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = session.run(f"{select}{where} ORDER BY created_at DESC, id DESC LIMIT :count", **values)
    shown = rows[: min(limit, MOST)]
    more = len(rows) > len(shown)
    return Page(shown, Cursor(shown[-1]["created_at"], shown[-1]["id"]) if more else None)
