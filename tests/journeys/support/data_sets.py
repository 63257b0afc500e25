"""Files to upload: good ones, weak ones, and all that must be refused."""

from __future__ import annotations

import random

from sklearn.datasets import load_wine

from sandbox.first_model import DATA
from tests.journeys.support.deployed import ROOT

BYTES = random.Random(7).randbytes(4096)


def wine() -> bytes:
    """178 rows of three classes, easier to tell apart than those of the first data set."""
    data = load_wine()
    rows = [",".join([*(name.replace("/", "_") for name in data.feature_names), "target"])]
    rows += [",".join(map(str, [*row, label])) for row, label in zip(data.data.tolist(), data.target, strict=True)]
    return "\n".join(rows).encode() + b"\n"


def lines() -> list[str]:
    """The first data set: its header and its rows."""
    return (ROOT / DATA).read_text(encoding="utf-8").strip().split("\n")


def relabelled(rows: list[str], labels: list[str]) -> bytes:
    """The first data set's columns with other labels."""
    pairs = zip(rows[1:], labels, strict=True)
    return "\n".join([rows[0], *(f"{row.rpartition(',')[0]},{label}" for row, label in pairs)]).encode()


def noisy() -> bytes:
    """Every eleventh label is wrong: good enough for the threshold, and no more."""
    rows = lines()
    other = {"benign": "malignant", "malignant": "benign"}
    labels = [row.rpartition(",")[2] for row in rows[1:]]
    return relabelled(rows, [other[label] if at % 11 == 3 else label for at, label in enumerate(labels)])


def clean() -> bytes:
    """The label says whether the first column is large: nearly every row is told right."""
    rows = lines()
    return relabelled(rows, ["malignant" if float(row.split(",")[0]) > 13.4 else "benign" for row in rows[1:]])


def _bad() -> dict[str, tuple[bytes, str]]:
    rows = lines()
    one_class = [row for row in rows[1:] if row.endswith(",benign")]
    return {
        "no_target": (wine().replace(b",target", b",label"), "column 'target' is missing"),
        "text": (
            "\n".join([*rows[:101], f"wide,{rows[101].split(',', 1)[1]}"]).encode(),
            "column 'mean_radius', row 102: text in a column of numbers",
        ),
        "one_class": (
            "\n".join([rows[0], *one_class]).encode(),
            "column 'target' is the same in every row; rows of two or more classes are needed",
        ),
        "header_only": (rows[0].encode(), "holds a header and no row; add rows"),
        "garbage": (b"\xff" + BYTES, "is not UTF-8 text at byte 0; save it as CSV in UTF-8"),
        "wide_row": ("\n".join([*rows[:50], "1,2,3"]).encode(), "row 51 has 3 values and the header 31"),
    }


BAD = _bad()
"""Per file: its content and what its failure says."""
