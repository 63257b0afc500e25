"""Random forest by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.algorithms import Codes, Rows, Values
from training.model.graph import from_sklearn
from training.parameters import Parameter

PARAMETERS = (
    Parameter("trees", 100, 1, 2000, "more trees are steadier and slower"),
    Parameter("most-depth", 16, 1, 64, "levels of a tree"),
    Parameter("least-leaf-rows", 1, 1, 10_000, "rows that a leaf keeps at least"),
)


def fit(rows: Rows, codes: Codes, values: Values, seed: int) -> Any:
    """Trains the forest on all cores; their number does not change the result."""
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(
        n_estimators=int(values["trees"]),
        max_depth=int(values["most-depth"]),
        min_samples_leaf=int(values["least-leaf-rows"]),
        random_state=seed,
        n_jobs=-1,
    )
    return model.fit(rows, codes)


def probabilities(model: Any, rows: Rows) -> NDArray[np.float64]:
    """The library's own answer."""
    return np.asarray(model.predict_proba(rows), dtype=np.float64)


def to_onnx(model: Any, width: int) -> bytes:
    """A tree ensemble whose thresholds are lowered to single precision first.

    scikit-learn compares single-precision values with double-precision thresholds. Rounded to nearest, a threshold
    could pass a value that lies right beside it; rounded down, `x <= t` stays the same for every single-precision x.
    """
    for tree in model.estimators_:
        thresholds = tree.tree_.threshold
        lowered = thresholds.astype(np.float32)
        above = lowered.astype(np.float64) > thresholds
        lowered[above] = np.nextafter(lowered[above], np.float32(-np.inf), dtype=np.float32)
        thresholds[:] = lowered
    return from_sklearn(model, width)
