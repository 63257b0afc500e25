"""Lists in pages: by number, or on from the row at which a page ended, which sees each row once whatever is added."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Final, TypeVar
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


@dataclass(frozen=True)
class Mark:
    """Where a page ended."""

    order: str
    """How the list is sorted."""
    page: int
    """Number of the page that comes next."""
    moment: str
    """Of the last row, by which the list is sorted; ISO 8601 with its zone."""
    id: str
    """Of the last row: several may have the same moment."""

    def text(self) -> str:
        """As a caller sends it back."""
        words = f"{self.order} {self.page} {self.moment} {self.id}"
        return urlsafe_b64encode(words.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: str, ids: Callable[[str], object] = UUID) -> Mark:
        """From what a caller sent to a list in this order, of rows with such ids.

        Raises:
            ApiError: `invalid_request`: no page of such a list has given it.
        """
        try:
            words = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
            found = cls(words[0], int(words[1]), words[2], words[3])
            known = EARLIEST <= datetime.fromisoformat(found.moment) <= LATEST and str(ids(found.id)) == found.id != ""
        except (ValueError, IndexError, TypeError):
            known = False
        if not known or found.text() != text or found.order != order or found.page < 1:
            detail = Detail("cursor", "send pagination.next of the last page as it was given, with the same sort")
            raise ApiError("invalid_request", [detail])
        return found


@dataclass(frozen=True)
class Place:
    """Which page of a list is wanted."""

    page: int
    limit: int
    order: str
    after: Mark | None

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
            if "page" in query.model_fields_set:
                raise ApiError("invalid_request", [Detail("cursor", "send page or cursor, not both")])
            mark = Mark.read(query.cursor, order, ids)
            return cls(mark.page, query.limit, order, mark)
        if query.page * query.limit > FURTHEST:
            told = f"pages by number end at row {FURTHEST}; go on from pagination.next by cursor"
            raise ApiError("invalid_request", [Detail("page", told)])
        return cls(query.page, query.limit, order, None)

    def mark(self, moment: str, row_id: str) -> Mark:
        """Where this page ended."""
        return Mark(self.order, self.page + 1, moment, row_id)

    def cut(self, every: Iterable[Row], spot: Callable[[Row], tuple[str, str]]) -> tuple[list[Row], Mark | None]:
        """The page of a list that is in memory, and where it ended if more follow; a spot is a moment and an id."""
        rows = sorted(every, key=spot, reverse=True)
        if self.after is not None:
            begin = (self.after.moment, self.after.id)
            rows = [row for row in rows if spot(row) < begin]
        shown = rows[self.offset : self.offset + self.limit]
        more = shown and len(rows) > self.offset + len(shown)
        return shown, self.mark(*spot(shown[-1])) if more else None

    def pagination(self, total: int, ended: Mark | None) -> Pagination:
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
        )
