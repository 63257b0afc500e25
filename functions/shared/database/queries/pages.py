"""Lists page by page: each begins where the last one ended, so that no row is counted off; or after so many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from functions.shared.database.session import Row, Session

MOST: Final = 100
"""Rows of a page."""


@dataclass(frozen=True)
class Order:
    """By which moment rows are sorted, and by their ids where it is the same."""

    column: Literal["created_at", "updated_at"] = "created_at"
    descending: bool = True

    @property
    def sql(self) -> str:
        """As a clause."""
        way = "DESC" if self.descending else "ASC"
        return f"ORDER BY {self.column} {way}, id {way}"


NEWEST: Final = Order()


@dataclass(frozen=True)
class Cursor:
    """A row in the order of a list: the last one of a page, or the one that the list began with."""

    moment: datetime
    id: UUID


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next ones begin."""

    rows: list[Row]
    next: Cursor | None


@dataclass(frozen=True)
class Filter:
    """Which rows are wanted; None asks for nothing.

    Only columns of one table that have an index beginning with them and ending with the order may be named, and only
    by code: names go into the statement, values never do.
    """

    equal: Mapping[str, Any]
    """Column → value."""
    since: datetime | None = None
    """Not before, by the order's moment."""
    until: datetime | None = None
    """Before, by the order's moment."""
    more: str = ""
    """A further condition in SQL, with `values`."""
    values: Mapping[str, Any] | None = None
    start: Cursor | None = None
    """From this row on, in the order of the list."""

    def sql(self, order: Order, after: Cursor | None = None) -> tuple[str, dict[str, Any]]:
        """The clause and its values."""
        chosen = {column: value for column, value in self.equal.items() if value is not None}
        conditions = [f"{column} = :{column}" for column in chosen]
        values: dict[str, Any] = {**chosen}
        if self.since is not None:
            conditions.append(f"{order.column} >= :since")
            values["since"] = self.since
        if self.until is not None:
            conditions.append(f"{order.column} < :until")
            values["until"] = self.until
        if after is not None:
            conditions.append(f"({order.column}, id) {'<' if order.descending else '>'} (:moment, :id)")
            values |= {"moment": after.moment, "id": after.id}
        if self.start is not None:
            conditions.append(f"({order.column}, id) {'<=' if order.descending else '>='} (:start_moment, :start_id)")
            values |= {"start_moment": self.start.moment, "start_id": self.start.id}
        if self.more:
            conditions.append(self.more)
            values |= self.values or {}
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values


def page(
    session: Session,
    select: str,
    wanted: Filter,
    *,
    limit: int,
    order: Order = NEWEST,
    after: Cursor | None = None,
    offset: int = 0,
) -> Page:
    """Rows of `SELECT … FROM …`."""
    where, values = wanted.sql(order, after)
    size = min(limit, MOST)
    sql = f"{select}{where} {order.sql} LIMIT :count OFFSET :offset"
    rows = session.run(sql, **values, count=size + 1, offset=offset)
    shown = rows[:size]
    more = len(rows) > len(shown)
    return Page(shown, Cursor(shown[-1][order.column], shown[-1]["id"]) if more else None)


def count(session: Session, table: str, wanted: Filter, *, most: int, order: Order = NEWEST) -> int:
    """How many rows there are, counted up to so many: by an index, in its order, and no further."""
    where, values = wanted.sql(order)
    sql = f"SELECT count(*) AS count FROM (SELECT 1 FROM {table}{where} {order.sql} LIMIT :most) AS counted"
    return int(session.run(sql, **values, most=most)[0]["count"])
