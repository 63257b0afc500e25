"""Whether a file looks like data to train on, from its first part alone."""

from __future__ import annotations

import csv
from typing import Protocol

from functions.shared.tasks import WorkError


class Described(Protocol):
    """Which file."""

    @property
    def bucket(self) -> str:
        """Its bucket."""

    @property
    def key(self) -> str:
        """Its key."""

    @property
    def size(self) -> int:
        """Bytes."""


class Wanted(Protocol):
    """What is asked of a file."""

    @property
    def target_column(self) -> str:
        """Column that has to be there."""

    @property
    def max_size_mb(self) -> int:
        """Largest file."""


def check(head: bytes, file: Described, wanted: Wanted) -> None:
    """Ends with what is wrong, what is allowed and what to do.

    Raises:
        WorkError: the file is not fit for training.
    """
    # Whoever uploads chooses the name, and logs and news have no use for it: the execution knows its file.
    name = "the uploaded file"
    if not file.key.endswith(".csv"):
        raise WorkError(f"{name}: is not named .csv; upload a CSV file with a header")
    if file.size == 0:
        raise WorkError(f"{name}: is empty; upload a CSV file with a header and at least one row")
    if file.size > wanted.max_size_mb * 1024 * 1024:
        raise WorkError(
            f"{name}: has {file.size} bytes; at most {wanted.max_size_mb} MB are allowed; split or sample it"
        )
    whole = len(head) >= file.size
    rows = rows_of(text_of(head, name, whole=whole), name)
    if not rows:
        raise WorkError(f"{name}: holds no rows; upload a CSV file with a header and at least one row")
    check_header(rows[0], name, wanted.target_column)
    check_rows(rows, name, wanted.target_column, whole=whole)


def text_of(head: bytes, name: str, *, whole: bool) -> str:
    """The first part as text, up to its last whole line."""
    if not whole:
        head = head[: head.rfind(b"\n") + 1]
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkError(f"{name}: is not UTF-8 text at byte {error.start}; save it as CSV in UTF-8") from error
    if "\0" in text:
        raise WorkError(f"{name}: holds binary data; save it as CSV in UTF-8")
    if not text and not whole:
        raise WorkError(f"{name}: has no line end in its first {len(head)} bytes; save it as CSV, a row a line")
    return text


def rows_of(text: str, name: str) -> list[list[str]]:
    """Every row of the text that is not blank."""
    try:
        return [row for row in csv.reader(text.splitlines(keepends=True), strict=True) if row]
    except csv.Error as error:
        raise WorkError(f"{name}: is not CSV ({error}); separate by commas and quote by double quotes") from error


def check_header(header: list[str], name: str, target: str) -> None:
    """Column names are there, differ, and the target is among them."""
    names = [column.strip() for column in header]
    blank = [str(place) for place, column in enumerate(names, 1) if not column]
    if blank:
        raise WorkError(f"{name}: columns {', '.join(blank)} have no name; name each column in the first line")
    # Told by place, not by what stands there: the first line of a file without names is somebody's data.
    twice = [str(place) for place, column in enumerate(names, 1) if names.count(column) > 1]
    if twice:
        raise WorkError(f"{name}: columns {', '.join(twice)} have a name twice; give each column its own name")
    if target not in names:
        raise WorkError(
            f"{name}: column {target!r} is missing in the first line, which has {len(names)} columns; put the columns' "
            "names there, and add or rename one"
        )
    if len(names) == 1:
        raise WorkError(f"{name}: holds no column beside {target!r}; add the columns to predict from")


def check_rows(rows: list[list[str]], name: str, target: str, *, whole: bool) -> None:
    """Rows are as wide as the header, and a whole file holds more than one class."""
    width = len(rows[0])
    for line, row in enumerate(rows[1:], 2):
        if len(row) != width:
            raise WorkError(f"{name}: row {line} has {len(row)} values and the header {width}; make them equal")
    if len(rows) == 1:
        raise WorkError(f"{name}: holds a header and no row; add rows")
    place = [column.strip() for column in rows[0]].index(target)
    classes = {row[place] for row in rows[1:]}
    if whole and len(classes) == 1:
        raise WorkError(f"{name}: column {target!r} is the same in every row; rows of two or more classes are needed")
