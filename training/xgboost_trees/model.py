"""Gradient boosted trees by XGBoost's scikit-learn interface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.algorithms import Codes, Rows, Values
from training.model.graph import OPSET, finished
from training.model.session import INPUT
from training.parameters import Parameter

PARAMETERS = (
    Parameter("rounds", 150, 1, 5000, "trees of each class, one after the other"),
    Parameter("depth", 4, 1, 16, "levels of a tree"),
    Parameter("learning-rate", 0.1, 1e-4, 1.0, "how much each tree corrects"),
    Parameter("row-share", 0.9, 0.1, 1.0, "share of rows that each tree sees"),
)


def fit(rows: Rows, codes: Codes, values: Values, seed: int) -> Any:
    """Trains the trees; two classes by a sigmoid, more by a softmax."""
    from xgboost import XGBClassifier

    model = XGBClassifier(
        n_estimators=int(values["rounds"]),
        max_depth=int(values["depth"]),
        learning_rate=values["learning-rate"],
        subsample=values["row-share"],
        tree_method="hist",
        random_state=seed,
        n_jobs=-1,
    )
    return model.fit(rows, codes)


def probabilities(model: Any, rows: Rows) -> NDArray[np.float64]:
    """The library's own answer, which it computes in single precision."""
    return np.asarray(model.predict_proba(rows), dtype=np.float64)


def to_onnx(model: Any, width: int) -> bytes:
    """A tree ensemble."""
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [(INPUT, FloatTensorType([None, width]))]
    return finished(convert_xgboost(model, initial_types=inputs, target_opset=OPSET))
