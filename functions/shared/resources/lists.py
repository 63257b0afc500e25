"""Lists in pages: by number from the row at which the list began, or on from the row at which a page ended.

Both show the same rows whatever is added meanwhile. Only a cursor sees each row once when others are deleted too.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from functions.shared.errors import ApiError, Detail
from functions.shared.schemas import Page, Pagination

Row = TypeVar("Row")
FURTHEST: Final = 10_000
"""Rows that are counted, and that pages by number reach: what lies beyond costs too much to skip or count each time."""

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST: Final = datetime(9998, 1, 1, tzinfo=timezone.utc)
"""Between them a moment has a form in every zone and every store."""

NEWEST: Final = "-createdAt"
"""The order of a list that says no other."""


class ListQuery(Page):
    """Query parameters of a list whose pages can be followed."""

    cursor: Annotated[
        str,
        Field(
            max_length=256, description="`pagination.next` of the page before, in place of `page`: shows each row once"
        ),
    ] = ""
    start: Annotated[
        str,
        Field(
            max_length=256,
            description="`pagination.start` of the first page that was read, with each later `page`: rows that were "
            "added since are left out, so that no page shifts",
        ),
    ] = ""


@dataclass(frozen=True)
class Mark:
    """Where a page ended, or where a list began."""

    order: str
    """How the list is sorted."""
    page: int
    """Number of the page that comes next; 0 where the list began."""
    moment: str
    """Of the row, by which the list is sorted; ISO 8601 with its zone."""
    id: str
    """Of the row: several may have the same moment."""

    def text(self) -> str:
        """As a caller sends it back."""
        words = f"{self.order} {self.page} {self.moment} {self.id}"
        return urlsafe_b64encode(words.encode()).decode().rstrip("=")

    @property
    def spot(self) -> tuple[str, str]:
        """Where the row stands in a list."""
        return self.moment, self.id

    @classmethod
    def read(cls, text: str, order: str, ids: Callable[[str], object] = UUID, *, field: str = "cursor") -> Mark:
        """From what a caller sent to a list in this order, of rows with such ids, as `cursor` or `start`.

        Raises:
            ApiError: `invalid_request`: no page of such a list has given it.
        """
        try:
            words = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
            found = cls(words[0], int(words[1]), words[2], words[3])
            known = EARLIEST <= datetime.fromisoformat(found.moment) <= LATEST and str(ids(found.id)) == found.id != ""
        except (ValueError, IndexError, TypeError):
            known = False
        if (
            not known
            or found.text() != text
            or found.order != order
            or found.page < 0
            or _FIELDS[not found.page] != field
        ):
            raise ApiError("invalid_request", [Detail(field, _TOLD[field])])
        return found


_FIELDS: Final = ("cursor", "start")
_TOLD: Final = {
    "cursor": "send pagination.next of the last page as it was given, with the same sort",
    "start": "send pagination.start of an earlier page as it was given, with the same sort",
}


@dataclass(frozen=True)
class Place:
    """Which page of a list is wanted."""

    page: int
    limit: int
    order: str
    after: Mark | None
    """Rows come after this one."""
    start: Mark | None = None
    """Rows come from this one on."""

    @property
    def offset(self) -> int:
        """Rows to skip."""
        return 0 if self.after is not None else (self.page - 1) * self.limit

    @classmethod
    def of(cls, query: ListQuery, order: str = NEWEST, ids: Callable[[str], object] = UUID) -> Place:
        """What a query asks for.

        Raises:
            ApiError: `invalid_request`: no page that can be had.
        """
        if query.cursor:
            if {"page", "start"} & query.model_fields_set:
                raise ApiError("invalid_request", [Detail("cursor", "send it without page and start, or these alone")])
            mark = Mark.read(query.cursor, order, ids)
            return cls(mark.page, query.limit, order, mark)
        if query.page * query.limit > FURTHEST:
            told = f"pages by number end at row {FURTHEST}; go on from pagination.next by cursor"
            raise ApiError("invalid_request", [Detail("page", told)])
        start = Mark.read(query.start, order, ids, field="start") if query.start else None
        return cls(query.page, query.limit, order, None, start)

    def began(self, spot: tuple[str, str] | None) -> Mark | None:
        """Where the list began, by the spot of its first row; a page by cursor does not know, and needs it not."""
        if self.start is not None or self.after is not None or spot is None:
            return self.start
        return Mark(self.order, 0, *spot)

    def mark(self, moment: str, row_id: str) -> Mark:
        """Where this page ended."""
        return Mark(self.order, self.page + 1, moment, row_id)

    def cut(self, every: Iterable[Row], spot: Callable[[Row], tuple[str, str]]) -> Cut[Row]:
        """The page of a list that is in memory, the newest first; a spot is a moment and an id."""
        whole = sorted(every, key=spot, reverse=True)
        if self.start is not None:
            whole = [row for row in whole if spot(row) <= self.start.spot]
        rows = whole if self.after is None else [row for row in whole if spot(row) < self.after.spot]
        shown = rows[self.offset : self.offset + self.limit]
        more = shown and len(rows) > self.offset + len(shown)
        ended = self.mark(*spot(shown[-1])) if more else None
        return Cut(shown, self.pagination(len(whole), ended, self.began(spot(whole[0]) if whole else None)))

    def pagination(self, total: int, ended: Mark | None, began: Mark | None = None) -> Pagination:
        """Where the page lies; `ended` only where more rows follow."""
        pages = -(-total // self.limit)
        return Pagination(
            page=self.page,
            limit=self.limit,
            total=total,
            total_pages=pages,
            has_next=ended is not None,
            has_previous=self.page > 1 and (self.after is not None or self.page <= pages + 1),
            next=None if ended is None else ended.text(),
            start=None if began is None else began.text(),
        )


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """A page of a list that was in memory."""

    rows: list[Row]
    pagination: Pagination
