"""What the first row of a data set must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from training.problems import MOST_SHOWN, DataError, Problem

MOST_COLUMNS = 2_000
LONGEST_NAME = 128


def check_header(header: list[str], target: str, path: Path, expected: list[str]) -> None:
    """Refuses a header that cannot name features, or that differs from an earlier file's.

    Raises:
        DataError: with every problem of the header.
    """
    where = f"{path.name}, header"
    problems = [*_shape(header, target, where), *_names(header, where)]
    if not problems and expected and sorted(expected) != sorted(header):
        found = f"differs from the first file's: {_listed(sorted(set(expected) ^ set(header)))}"
        problems.append(Problem(where, found, "the same columns in each file", "send files of one kind together"))
    if problems:
        raise DataError(problems[:MOST_SHOWN])


def _shape(header: list[str], target: str, where: str) -> Iterator[Problem]:
    if all(_is_number(name) for name in header):
        found = "the first row holds numbers"
        yield Problem(where, found, "the names of the columns", "put a row of names first")
    elif len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        yield Problem(where, "no comma", "fields separated by commas", "export the data with commas between the fields")
    elif target not in header:
        found = f"no target column '{target}' among {_listed(header)}"
        yield Problem(where, found, f"a column '{target}'", "add it or name another target column")
    elif len(header) == 1:
        yield Problem(where, "no column but the target", "one feature or more", "add columns to learn from")
    if len(header) > MOST_COLUMNS:
        yield Problem(where, f"{len(header)} columns", f"at most {MOST_COLUMNS}", "choose the columns that matter")


def _names(header: list[str], where: str) -> Iterator[Problem]:
    for position, name in enumerate(header, 1):
        if not name:
            yield Problem(where, f"column {position} has no name", "a name", "name the column or remove it")
        elif len(name) > LONGEST_NAME or not name.isprintable():
            found = f"column {position} is named {name[:40]!r}…"
            yield Problem(where, found, f"at most {LONGEST_NAME} printable characters", "give it a short name")
    for name, times in Counter(header).items():
        if name and times > 1:
            positions = [n for n, other in enumerate(header, 1) if other == name][:MOST_SHOWN]
            found = f"'{name[:LONGEST_NAME]}' names columns {', '.join(map(str, positions))}"
            yield Problem(where, found, "each name once", "rename or remove the duplicates")


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name[:40]}'" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
