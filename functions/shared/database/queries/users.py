"""Users: kept from their first request on."""

from __future__ import annotations

from uuid import UUID

from functions.shared.database.queries.pages import Cursor, Filter, Page, page
from functions.shared.database.session import Row, Session

SELECT = "SELECT id, email, name, created_at, updated_at FROM platform.users"


def keep(session: Session, user_id: UUID, email: str | None = None, name: str = "") -> Row:
    """Makes a user, or brings address and name up to date; a user that is as told is not written.

    Owners of records need neither: what is known of a person is in the table of users, and nowhere else.

    Raises:
        StatementError: constraint `users_email`: another user has this address.
    """
    rows = session.run(
        """
        INSERT INTO platform.users (id, email, name) VALUES (:id, lower(:email), :name)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, updated_at = now()
            WHERE (users.email, users.name) IS DISTINCT FROM (excluded.email, excluded.name)
        RETURNING id, email, name, created_at, updated_at
        """,
        id=user_id,
        email=email,
        name=name,
    )
    return rows[0] if rows else session.run(f"{SELECT} WHERE id = :id", id=user_id)[0]


def one(session: Session, user_id: UUID) -> Row | None:
    """A user."""
    return next(iter(session.run(f"{SELECT} WHERE id = :id", id=user_id)), None)


def by_email(session: Session, email: str) -> Row | None:
    """The user with an address."""
    return next(iter(session.run(f"{SELECT} WHERE email = lower(:email)", email=email)), None)


def newest(session: Session, *, limit: int, after: Cursor | None = None) -> Page:
    """All users, the newest first."""
    return page(session, SELECT, Filter({}), limit=limit, after=after)


def forget(session: Session, user_id: UUID) -> bool:
    """Deletes a user with all that belongs to it; whether there was one."""
    return bool(session.run("DELETE FROM platform.users WHERE id = :id RETURNING id", id=user_id))
