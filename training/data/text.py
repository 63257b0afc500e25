"""From bytes to rows of cells, with limits that hold for anything that is sent in place of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from training.problems import DataError, Problem

SMALLEST_ROWS = 30
LONGEST_LINE = 1024 * 1024
PROBE = 64 * 1024

KINDS = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"SQLite format 3": "a SQLite database",
}
"""First bytes of what people upload by mistake."""


def files_in(folder: Path, most_mb: float) -> list[Path]:
    """The files of a folder (or the one file), refused by size before a byte of them is read.

    Raises:
        DataError: no file, or more than the allowed size.
    """
    if not folder.exists():
        raise DataError([Problem(str(folder), "does not exist", "a folder with CSV files", "check the input's path")])
    found = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    files = [path for path in found if path.is_file() and not path.name.startswith(".")]
    if not files:
        raise DataError([Problem(str(folder), "holds no file", "one or more CSV files", "upload the data set")])
    size = sum(path.stat().st_size for path in files)
    if size > most_mb * 1024 * 1024:
        text = f"{size / 1024 / 1024:,.0f} MB"
        remedy = "train on a sample of the rows, or raise the limit (max-size-mb) together with the instance's memory"
        raise DataError([Problem(files[0].name, text, f"at most {most_mb:g} MB", remedy)])
    for path in files:
        check_kind(path)
    return files


def check_kind(path: Path) -> None:
    """Refuses what is plainly not text, by its first bytes.

    Raises:
        DataError: the file is empty, of a known other kind, or binary.
    """
    with path.open("rb") as file:
        start = file.read(PROBE)
    remedy = "upload the table as CSV, UTF-8, with a header"
    if not start.strip():
        raise DataError([Problem(path.name, "is empty", "a header and rows of data", remedy)])
    for magic, kind in KINDS.items():
        if start.startswith(magic):
            raise DataError([Problem(path.name, f"is {kind}", "CSV text", remedy)])
    if b"\0" in start:
        found = f"byte {start.index(0)} is zero: this is binary data"
        raise DataError([Problem(path.name, found, "CSV text", remedy)])


def rows_in(file: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank; the header comes first. `name` is the file's, for errors.

    Raises:
        DataError: a line too long, not UTF-8, with a zero byte, or with wrong quotes.
    """
    reader = csv.reader(_lines(file, name), strict=True)
    try:
        for cells in reader:
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        where = f"{name}, row {reader.line_num}"
        allowed = 'fields of at most 128 KB, quotes in pairs ("" within quotes)'
        raise DataError([Problem(where, str(error), allowed, "correct the quoting of this row")]) from error


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        where = f"{name}, row {number}"
        if len(line) > LONGEST_LINE:
            found = f"a line longer than {LONGEST_LINE // 1024} KB"
            raise DataError([Problem(where, found, "one row a line", "upload CSV text with line breaks")])
        if b"\0" in line:
            raise DataError([Problem(where, "holds a zero byte", "CSV text", "export the data again as CSV")])
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            found = f"byte {error.start + 1} is not UTF-8"
            remedy = "save the file as UTF-8"
            raise DataError([Problem(where, found, "UTF-8 text", remedy)]) from error
