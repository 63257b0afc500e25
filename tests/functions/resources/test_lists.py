"""Where a page of a list lies, and the cursor that leads to the next one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import ApiError
from functions.shared.resources.lists import EARLIEST, FURTHEST, LATEST, ListQuery, Mark, Place

ID = "5b0c3f1e-6a44-4a58-8d3c-1f7be0d6a001"
MOMENT = "2026-01-31T12:00:00.000001+00:00"
MOMENTS = st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None))


def text(*words: str) -> str:
    return urlsafe_b64encode(" ".join(words).encode()).decode().rstrip("=")


@given(st.integers(1, 10**9), MOMENTS, st.uuids())
def test_a_cursor_comes_back_as_it_was(page: int, moment: object, row: UUID) -> None:
    mark = Mark("-createdAt", page, f"{moment}+00:00".replace(" ", "T"), str(row))
    assert Mark.read(mark.text(), "-createdAt") == mark
    assert Place.of(ListQuery(cursor=mark.text())).page == page


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "AAAA",
        "=",
        text("-createdAt"),
        text("-createdAt", "2", "nope", ID),
        text("-createdAt", "2", "2026-01-31T12:00:00", ID),
        text("-createdAt", "2", "0001-01-01T00:00:00+14:00", ID),
        text("-createdAt", "2", MOMENT, "nobody"),
        text("-createdAt", "2", MOMENT, ID.upper()),
        text("-createdAt", "0", MOMENT, ID),
        text("-createdAt", "02", MOMENT, ID),
        text("-createdAt", "2", MOMENT, ID, "more"),
        text("createdAt", "2", MOMENT, ID),
        text("-createdAt", "2", MOMENT, ID) + "=",
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(ApiError) as caught:
        Place.of(ListQuery(cursor=cursor))
    assert [detail.field for detail in caught.value.details] == ["cursor"]


@pytest.mark.parametrize(
    "start", ["x", text("-createdAt", "1", MOMENT, ID), text("createdAt", "0", MOMENT, ID), text("-createdAt", "-0")]
)
def test_a_start_that_no_page_gave_is_refused(start: str) -> None:
    with pytest.raises(ApiError) as caught:
        Place.of(ListQuery(start=start))
    assert [detail.field for detail in caught.value.details] == ["start"]


@pytest.mark.parametrize("more", [{"page": 1}, {"start": text("-createdAt", "0", MOMENT, ID)}])
def test_a_cursor_goes_without_what_belongs_to_numbers(more: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        Place.of(ListQuery(cursor=text("-createdAt", "2", MOMENT, ID), **more))
    assert [detail.field for detail in caught.value.details] == ["cursor"]


ROWS = st.lists(st.tuples(st.integers(0, 5).map(lambda day: f"2026-02-0{day + 1}"), st.uuids().map(str)), unique=True)


@given(ROWS, st.lists(st.uuids().map(str), max_size=5), st.integers(1, 4))
def test_pages_from_a_start_on_show_each_row_once_whatever_is_added(
    rows: list[tuple[str, str]], added: list[str], limit: int
) -> None:
    first = Place(1, limit, "-createdAt", None).cut(rows, lambda row: row)
    begun = first.pagination.start
    start = Mark("-createdAt", 0, *max(rows)) if rows else None
    assert begun == (start.text() if start is not None else None)
    seen, later = list(first.rows), [*rows, *(("2026-03-01", row) for row in added)]
    for page in range(2, first.pagination.total_pages + 1):
        cut = Place(page, limit, "-createdAt", None, start).cut(later, lambda row: row)
        assert cut.pagination.start == begun
        assert cut.pagination.total == len(rows)
        seen += cut.rows
    assert seen == sorted(rows, reverse=True)


@given(st.text(max_size=200))
def test_any_other_text_is_refused(cursor: str) -> None:
    with pytest.raises(ApiError, match="invalid_request"):
        Mark.read(cursor, "-createdAt")


@given(st.integers(1, 100), st.integers(1, 200), st.integers(0, FURTHEST), st.booleans())
def test_the_numbers_of_a_page_agree(limit: int, page: int, total: int, more: bool) -> None:
    place = Place.of(ListQuery(page=min(page, FURTHEST // limit), limit=limit))
    found = place.pagination(total, place.mark(MOMENT, ID) if more else None)
    assert (found.total_pages - 1) * limit < max(total, 1) <= max(found.total_pages, 1) * limit
    assert found.has_next == more == (found.next is not None)
    assert not (found.page == 1 and found.has_previous)
    assert place.offset == (place.page - 1) * limit


def test_pages_by_number_end_where_counting_ends() -> None:
    assert Place.of(ListQuery(page=100, limit=100)).offset == 9_900
    with pytest.raises(ApiError) as caught:
        Place.of(ListQuery(page=101, limit=100))
    assert "go on from pagination.next" in caught.value.details[0].message
