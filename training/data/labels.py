"""The target column as classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.split import SMALLEST_CLASS
from training.data.table import MOST_CATEGORIES, Column
from training.problems import DataError, Problem

Label = str | int | float


@dataclass(frozen=True)
class Labels:
    """The classes in ascending order and each row's position among them."""

    classes: tuple[Label, ...]
    codes: NDArray[np.int64]


def labels_of(column: Column) -> Labels:
    """Reads the target column; numbers that are equal are one class, however they are written.

    Raises:
        DataError: empty cells, one class, too many classes, a class with too few rows.
    """
    where = f"target column '{column.name}'"
    if column.missing:
        found = f"{column.missing} empty cells"
        remedy = "fill them or remove those rows"
        raise DataError([Problem(f"{where}, row {column.first_missing}", found, "a class in every row", remedy)])
    if column.codes is None:
        found = f"more than {MOST_CATEGORIES} different values"
        remedy = "classes are predicted, not amounts: group the values, or name another target column"
        raise DataError([Problem(where, found, f"2 to {MOST_CATEGORIES} classes", remedy)])
    values = classes_of(list(column.texts))
    classes = tuple(sorted(set(values), key=lambda value: (isinstance(value, str), value)))
    position = {value: n for n, value in enumerate(classes)}
    codes = np.array([position[value] for value in values], dtype=np.int64)[np.array(column.codes, dtype=np.int64)]
    counts = np.bincount(codes, minlength=len(classes))
    if len(classes) < 2:
        remedy = "send data that has examples of each class"
        raise DataError([Problem(where, f"only the class {classes[0]!r}", "two classes or more", remedy)])
    rare = [
        Problem(
            where,
            f"class {classes[n]!r} has {count} rows",
            f"{SMALLEST_CLASS} rows or more of each class",
            "add rows of this class or remove it",
        )
        for n, count in enumerate(counts)
        if count < SMALLEST_CLASS
    ]
    if rare:
        raise DataError(rare)
    return Labels(classes, codes)


def classes_of(texts: list[str]) -> list[Label]:
    """The texts as labels: whole numbers, numbers, or the texts themselves when any of them is no finite number."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return list(texts)
    if not all(math.isfinite(number) and abs(number) < 2**53 for number in numbers):
        return list(texts)
    whole = all(number.is_integer() for number in numbers)
    return [int(number) for number in numbers] if whole else list(numbers)
