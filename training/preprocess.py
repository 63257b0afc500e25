"""Checks a data set, splits it and describes it: `python -m training.preprocess --input … --output … --target …`.

Reads CSV files below the input folder; writes below the output folder `train/train.csv`, `validation/validation.csv`,
`test/test.csv` and `statistics/statistics.json` (features as the model takes them, classes, distributions).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.describe import describe_categories, describe_numbers
from training.data.features import CATEGORICAL, NUMERIC, Feature
from training.data.labels import labels_of
from training.data.split import split
from training.data.table import Column, read
from training.data.text import files_in
from training.problems import DataError, Problem, run_job, writing
from training.watched.lines import line

INPUT = Path("/opt/ml/processing/input/data")
OUTPUT = Path("/opt/ml/processing/output")
MOST_WIDTH = 5_000
"""Numbers a row may take once categories are spread out."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; 0 when the data is fit for training, 1 with every problem named when it is not."""
    parser = argparse.ArgumentParser(prog="python -m training.preprocess", description=__doc__)
    parser.add_argument("--input", type=Path, default=INPUT)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--target", default="target", help="the column to predict")
    parser.add_argument("--seed", type=int, default=7, help="the same seed splits the same data the same way")
    parser.add_argument("--max-size-mb", type=float, default=512)
    options = parser.parse_args(arguments)
    return run_job(
        "preprocess",
        lambda: preprocess(options.input, options.output, options.target, options.seed, options.max_size_mb),
    )


def preprocess(source: Path, output: Path, target: str, seed: int, max_size_mb: float) -> None:
    """Does the whole job.

    Raises:
        DataError: the data is not fit for training; nothing is written then.
    """
    files = files_in(source, max_size_mb)
    table = read(files, target)
    labels = labels_of(table.columns[target])
    parts = split(labels.codes, seed)
    columns = [column for name, column in table.columns.items() if name != target]
    features = [feature_of(column, parts["train"]) for column in columns]
    check_width(features)
    for name, rows in parts.items():
        cells = [cells_of(column, feature, rows) for column, feature in zip(columns, features, strict=True)]
        cells.append([str(labels.classes[code]) for code in labels.codes[rows]])
        write_rows(output / name / f"{name}.csv", [*(feature.name for feature in features), target], cells)
    document = {
        "target": {
            "name": target,
            "classes": list(labels.classes),
            "counts": [int(count) for count in np.bincount(labels.codes)],
        },
        "features": [feature.to_json() for feature in features],
        "statistics": {
            feature.name: describe(column, feature) for column, feature in zip(columns, features, strict=True)
        },
        "rows": {"all": table.rows} | {name: len(rows) for name, rows in parts.items()},
        "seed": seed,
        "source": [{"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files],
    }
    write_json(output / "statistics" / "statistics.json", document)
    shares = ", ".join(f"{name} {len(rows)}" for name, rows in parts.items())
    line("preprocess", f"{table.rows} rows, {len(features)} features, {len(labels.classes)} classes; {shares}")


def feature_of(column: Column, rows: NDArray[np.int64]) -> Feature:
    """How a column becomes numbers, learned from the rows of the training part alone."""
    if not column.is_numeric:
        return Feature(column.name, CATEGORICAL, optional=column.missing > 0, categories=tuple(sorted(column.texts)))
    values = np.frombuffer(column.numbers, dtype=np.float64)[rows]
    known = values[~np.isnan(values)]
    if not len(known):  # the few values there are fell into the other parts
        return Feature(column.name, NUMERIC, optional=True)
    largest = float(np.abs(known).max()) or 1.0
    scaled = known / largest  # squares of large numbers would overflow
    mean, scale = float(scaled.mean() * largest), float(scaled.std() * largest)
    usable = scale > abs(mean) * 1e-12 and scale > 0  # below that, deviation is only rounding
    fill = float(np.median(scaled) * largest)
    return Feature(column.name, NUMERIC, mean, scale if usable else 1.0, fill, optional=column.missing > 0)


def check_width(features: list[Feature]) -> None:
    """Refuses more numbers a row than a model of this size should see.

    Raises:
        DataError: too many categories altogether.
    """
    width = sum(feature.width for feature in features)
    if width > MOST_WIDTH:
        found = f"{width} values a row once each category has its own"
        raise DataError([Problem("all columns", found, f"at most {MOST_WIDTH}", "group categories or remove columns")])


def describe(column: Column, feature: Feature) -> dict[str, Any]:
    """The statistics of one column over all rows."""
    if feature.kind == NUMERIC or column.codes is None:
        return {"kind": NUMERIC} | describe_numbers(np.frombuffer(column.numbers, dtype=np.float64))
    codes = np.frombuffer(column.codes, dtype=np.int32)
    return {"kind": CATEGORICAL} | describe_categories(codes, list(column.texts))


def write_rows(path: Path, header: list[str], cells: list[list[str]]) -> None:
    """Writes one part as CSV from its columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with writing(path), path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(zip(*cells, strict=True))


def cells_of(column: Column, feature: Feature, rows: NDArray[np.int64]) -> list[str]:
    """A column's cells in the chosen rows, empty where missing; numbers are written so that they read back exactly."""
    if feature.kind == NUMERIC or column.codes is None:
        numbers = np.frombuffer(column.numbers, dtype=np.float64)[rows].tolist()
        return ["" if math.isnan(number) else repr(number) for number in numbers]
    texts = [*column.texts, ""]  # code -1, missing, is the last
    return [texts[code] for code in np.frombuffer(column.codes, dtype=np.int32)[rows].tolist()]


def sha256(path: Path) -> str:
    """The digest of a file, read in pieces."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Writes a document of plain data; NaN would be no JSON and is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with writing(path):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
