"""Reads CSV files as strangers send them: bounded in memory and time, every problem named by column and row."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.data.features import LARGEST
from training.data.header import check_header
from training.data.text import SMALLEST_ROWS, rows_in
from training.problems import MOST_SHOWN, DataError, Problem

MOST_CELLS = 50_000_000
"""Cells are kept as 12 bytes each: 600 MB at most."""

MOST_CATEGORIES = 100


@dataclass
class Column:
    """A column as read: numbers (NaN where a cell is none) and, while they are few, codes of its distinct texts."""

    name: str
    numbers: array[float] = field(default_factory=lambda: array("d"))
    codes: array[int] | None = field(default_factory=lambda: array("i"))
    texts: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    numeric: int = 0
    first_text: tuple[int, str] | None = None
    first_infinite: tuple[int, str] | None = None
    first_missing: int = 0

    def add(self, cell: str, row: int) -> None:
        """Takes the next row's cell."""
        if not cell:
            self.missing += 1
            self.first_missing = self.first_missing or row
            self.numbers.append(math.nan)
            if self.codes is not None:
                self.codes.append(-1)
            return
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
            self.first_text = self.first_text or (row, cell)
        else:
            # Python reads 1_000 as a number; nothing that writes CSV does.
            if "_" in cell:
                number = math.nan
                self.first_text = self.first_text or (row, cell)
            elif not abs(number) <= LARGEST:  # also true for NaN
                self.first_infinite = self.first_infinite or (row, cell)
            else:
                self.numeric += 1
        self.numbers.append(number)
        if self.codes is not None:
            code = self.texts.setdefault(cell, len(self.texts))
            self.codes.append(code)
            if code >= MOST_CATEGORIES:  # too many to be categories: only the numbers can be of use
                self.codes = None

    @property
    def rows(self) -> int:
        """How many cells it has."""
        return len(self.numbers)

    @property
    def is_numeric(self) -> bool:
        """Whether its cells are numbers, apart from mistakes: at least half of what is not empty."""
        return self.numeric * 2 >= self.rows - self.missing

    def problems(self) -> Iterator[Problem]:
        """What keeps it from being a feature."""
        where = f"column '{self.name}'"
        if self.missing == self.rows:
            yield Problem(
                where, "is empty in every row", "values in at least some rows", "fill the column or remove it"
            )
        elif self.is_numeric:
            if self.first_text:
                # Told by its place: what stands there is somebody's data, and this goes into logs and messages.
                row, _ = self.first_text
                found = f"text in a column of numbers ({self.numeric} of {self.rows} cells are numbers)"
                yield Problem(f"{where}, row {row}", found, "a finite number or an empty cell", "correct the cell")
            if self.first_infinite:
                row, _ = self.first_infinite
                found = "no finite number of ordinary size"
                allowed = f"a number between -{LARGEST:g} and {LARGEST:g} or an empty cell"
                yield Problem(f"{where}, row {row}", found, allowed, "correct the cell")
        elif self.codes is None:
            found = f"holds more than {MOST_CATEGORIES} different texts"
            allowed = f"numbers, or texts of at most {MOST_CATEGORIES} kinds"
            yield Problem(where, found, allowed, "group its values, or remove it if it identifies rows")


@dataclass(frozen=True)
class Table:
    """What was read: its columns in order."""

    columns: dict[str, Column]
    rows: int


def read(files: list[Path], target: str) -> Table:
    """Reads files that share one header into columns.

    Raises:
        DataError: with every problem found; reading stops early when there are many.
    """
    problems: list[Problem] = []
    columns: dict[str, Column] = {}
    rows = 0
    for path in files:
        with path.open("rb") as file:
            reader = rows_in(file, path.name)
            header = [name.strip() for name in next(reader, (0, [""]))[1]]
            check_header(header, target, path, list(columns))
            columns = columns or {name: Column(name) for name in header}
            ordered = [columns[name] for name in header]
            for number, cells in _whole(reader, path.name, len(header), problems):
                rows += 1
                if rows * len(header) > MOST_CELLS:
                    found = f"more than {MOST_CELLS:,} cells"
                    remedy = "train on a sample of the rows or fewer columns"
                    raise DataError([*problems, Problem(path.name, found, f"{MOST_CELLS:,} cells", remedy)])
                for column, cell in zip(ordered, cells, strict=True):
                    column.add(cell.strip(), number)
    if rows < SMALLEST_ROWS and not problems:
        found = f"{rows} rows of data"
        remedy = "send more rows: less cannot be split for training, validation and test"
        problems.append(Problem(files[0].name, found, f"{SMALLEST_ROWS} rows or more", remedy))
    if not problems:
        problems = [problem for name, column in columns.items() if name != target for problem in column.problems()]
    if problems:
        raise DataError(problems[:MOST_SHOWN])
    return Table(columns, rows)


def _whole(
    reader: Iterator[tuple[int, list[str]]], name: str, width: int, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """The rows that have as many fields as the header; the others become problems, and too many of them an error."""
    for number, cells in reader:
        if len(cells) == width:
            yield number, cells
            continue
        found = f"has {len(cells)} fields, the header has {width}"
        remedy = "add the missing fields or quote the commas within one"
        problems.append(Problem(f"{name}, row {number}", found, f"{width} fields", remedy))
        if len(problems) >= MOST_SHOWN:
            raise DataError(problems)
