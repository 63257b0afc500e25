"""How good a model is.

Precision, recall and F1 are averages over the classes, each class counting the same (macro); ROC AUC is each class
against the rest, averaged likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.figures import METRICS

Codes = NDArray[np.int64]


def scores(codes: Codes, probabilities: NDArray[Any], classes: Sequence[str | int | float]) -> dict[str, Any]:
    """All figures of one model on one part of the data, with those of each class and the confusion matrix.

    Rows of the matrix are the true classes, columns the predicted ones, both in the order of `classes`.
    """
    count = len(classes)
    predicted = probabilities.argmax(axis=1)
    matrix = np.bincount(codes * count + predicted, minlength=count * count).reshape(count, count)
    right, true, said = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    precision = _ratio(right, said)
    recall = _ratio(right, true)
    f1 = _ratio(2 * right, true + said)
    areas = [_area(codes == n, probabilities[:, n]) for n in range(count)]
    return {
        "accuracy": float(right.sum() / len(codes)),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
        "roc_auc": float(np.mean([area for area in areas if area is not None])),
        "per_class": [
            {
                "class": value,
                "rows": int(true[n]),
                "precision": float(precision[n]),
                "recall": float(recall[n]),
                "f1": float(f1[n]),
                "roc_auc": areas[n],
            }
            for n, value in enumerate(classes)
        ],
        "confusion_matrix": matrix.tolist(),
    }


def shown(figures: Mapping[str, Any]) -> str:
    """The deciding figures in the form that `training.figures.METRIC_DEFINITIONS` finds."""
    return " ".join(f"validation:{name}={figures[name]:.6f}" for name in METRICS)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    # A class that was never predicted has no precision; it counts as none right, as scikit-learn does.
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _area(positive: NDArray[np.bool_], score: NDArray[Any]) -> float | None:
    """The area under one class's ROC curve by ranks, ties in the middle; None when the class or the rest is absent."""
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        return None
    _, group, sizes = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[group]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))
