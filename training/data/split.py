"""Splits rows into train, validation and test: the same rows for the same data and seed, every class in each part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARES = {"train": 0.70, "validation": 0.15, "test": 0.15}
SMALLEST_CLASS = 5
"""With fewer rows of a class it would be missing in one of the parts."""


def split(labels: NDArray[np.int64], seed: int) -> dict[str, NDArray[np.int64]]:
    """Row numbers of each part, ascending; each class is shared out by `SHARES`, at least one row to each part."""
    generator = np.random.Generator(np.random.PCG64(seed))
    parts: dict[str, list[NDArray[np.int64]]] = {name: [] for name in SHARES}
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        held = {name: max(1, round(len(rows) * SHARES[name])) for name in ("validation", "test")}
        first, second = held["validation"], held["validation"] + held["test"]
        parts["validation"].append(rows[:first])
        parts["test"].append(rows[first:second])
        parts["train"].append(rows[second:])
    return {name: np.sort(np.concatenate(chunks)).astype(np.int64) for name, chunks in parts.items()}
