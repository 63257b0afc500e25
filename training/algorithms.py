"""The algorithms that a training job compares; each is a folder with the same four names."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from training.parameters import Parameter

Rows = NDArray[np.float32]
Codes = NDArray[np.int64]
Values = Mapping[str, float]

ALGORITHMS = {
    "logistic_regression": "training.logistic_regression",
    "random_forest": "training.random_forest",
    "xgboost": "training.xgboost_trees",
}
"""Name of each algorithm → its package; in the order in which they are trained, quickest first."""


class Algorithm(Protocol):
    """What an algorithm's package brings. Its library is imported when it is used, not before."""

    PARAMETERS: tuple[Parameter, ...]

    def fit(self, rows: Rows, codes: Codes, values: Values, seed: int) -> Any:
        """Trains on rows and class numbers 0 to n-1, each of which occurs; the same input gives the same model."""
        ...

    def probabilities(self, model: Any, rows: Rows) -> NDArray[np.float64]:
        """The probability of each class for each row, by the library itself."""
        ...

    def to_onnx(self, model: Any, width: int) -> bytes:
        """The model as one graph: input `features` (float32, rows x width), output `probabilities` among others."""
        ...


def load(name: str) -> Algorithm:
    """The package of an algorithm."""
    return cast("Algorithm", importlib.import_module(ALGORITHMS[name]))
