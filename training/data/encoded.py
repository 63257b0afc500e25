"""Reads what preprocess wrote back into the rows and class numbers that algorithms take."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.features import CATEGORICAL, Encoder, Feature
from training.problems import DataError, Problem

REMEDY = "run preprocess again and use its outputs together"


@dataclass(frozen=True)
class Schema:
    """What a model takes and answers."""

    features: tuple[Feature, ...]
    target: str
    classes: tuple[str | int | float, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Schema:
        """The schema part of statistics.json."""
        features = tuple(Feature.from_json(item) for item in document["features"])
        return cls(features, document["target"]["name"], tuple(document["target"]["classes"]))


@dataclass(frozen=True)
class Part:
    """Rows as a model sees them, class numbers, and the first row as it was sent."""

    rows: NDArray[np.float32]
    codes: NDArray[np.int64]
    sample: dict[str, Any]


def find(folder: Path, name: str) -> Path:
    """A file of a job's input.

    Raises:
        DataError: it is not there.
    """
    path = folder / name
    if not path.is_file():
        raise DataError([Problem(str(folder), f"no file {name}", f"{name} as preprocess writes it", REMEDY)])
    return path


def load_schema(folder: Path) -> Schema:
    """Reads statistics.json."""
    return Schema.from_json(json.loads(find(folder, "statistics.json").read_text(encoding="utf-8")))


def load_part(path: Path, schema: Schema) -> Part:
    """Reads train.csv, validation.csv or test.csv.

    Raises:
        DataError: the file does not belong to the schema.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        cells = list(reader)
    names = [*(feature.name for feature in schema.features), schema.target]
    if header != names or not cells:
        found = f"{len(cells)} rows, header {', '.join(header[:10])}"
        raise DataError([Problem(path.name, found, f"rows with {', '.join(names[:10])}…", REMEDY)])
    columns = list(zip(*cells, strict=True))
    rows = np.zeros((len(cells), Encoder(schema.features).width), dtype=np.float32)
    start = 0
    try:
        for feature, column in zip(schema.features, columns, strict=False):
            _fill(rows[:, start : start + feature.width], feature, column)
            start += feature.width
        position = {str(value): code for code, value in enumerate(schema.classes)}
        codes = np.array([position[text] for text in columns[-1]], dtype=np.int64)
    except (ValueError, KeyError) as error:
        raise DataError([Problem(path.name, f"{error} does not belong here", "values as described", REMEDY)]) from error
    if not np.isfinite(rows).all():
        row = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0]) + 2
        remedy = "remove the outlier from the data set"
        raise DataError([Problem(f"{path.name}, row {row}", "a value far outside the others", "similar sizes", remedy)])
    return Part(rows, codes, sample_of(schema.features, cells[0]))


def sample_of(features: Sequence[Feature], cells: Sequence[str]) -> dict[str, Any]:
    """A row as an instance of a request; missing values are left out."""
    pairs = zip(features, cells, strict=False)
    return {f.name: cell if f.kind == CATEGORICAL else float(cell) for f, cell in pairs if cell}


def _fill(target: NDArray[np.float32], feature: Feature, cells: Sequence[str]) -> None:
    """Writes one feature's columns, by the same arithmetic as `Encoder.row`."""
    if feature.kind == CATEGORICAL:
        position = {value: code for code, value in enumerate(feature.categories)}
        codes = np.array([position[cell] if cell else -1 for cell in cells], dtype=np.int64)
        known = np.flatnonzero(codes >= 0)
        target[known, codes[known]] = 1.0
        return
    values = np.array([float(cell) if cell else feature.fill for cell in cells], dtype=np.float64)
    with np.errstate(over="ignore"):  # what overflows is refused by row
        target[:, 0] = (values - feature.mean) / feature.scale
