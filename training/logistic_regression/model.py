"""Logistic regression by scikit-learn. The rows come standardised, which it needs to converge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.algorithms import Codes, Rows, Values
from training.model.graph import from_sklearn
from training.parameters import Parameter

PARAMETERS = (
    Parameter("inverse-regularization", 1.0, 1e-6, 1e6, "smaller values keep the weights smaller"),
    Parameter("most-iterations", 1000, 10, 100_000, "the solver stops here, converged or not"),
)


def fit(rows: Rows, codes: Codes, values: Values, seed: int) -> Any:
    """Trains the regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=values["inverse-regularization"], max_iter=int(values["most-iterations"]), random_state=seed
    )
    return model.fit(rows.astype(np.float64), codes)


def probabilities(model: Any, rows: Rows) -> NDArray[np.float64]:
    """The library's own answer, in double precision."""
    return np.asarray(model.predict_proba(rows.astype(np.float64)), dtype=np.float64)


def to_onnx(model: Any, width: int) -> bytes:
    """A linear classifier with a sigmoid or softmax."""
    return from_sklearn(model, width)
