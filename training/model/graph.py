"""The graph that every model becomes, and the proof that it answers like the library it came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.algorithms import Rows
from training.model.session import INPUT, run, session_of
from training.problems import JobError

OPSET = 15
"""The newest that both converters write."""
LARGEST_DIFFERENCE = 1e-5


def from_sklearn(model: Any, width: int) -> bytes:
    """A scikit-learn classifier as a graph with probabilities as one tensor."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    options = {id(model): {"zipmap": False}}
    inputs = [(INPUT, FloatTensorType([None, width]))]
    return finished(to_onnx(model, initial_types=inputs, options=options, target_opset={"": OPSET, "ai.onnx.ml": 3}))


def finished(model: Any) -> bytes:
    """The graph in bytes, checked."""
    import onnx

    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def check_parity(name: str, graph: bytes, rows: Rows, expected: NDArray[np.float64]) -> float:
    """The largest difference between graph and library over all rows.

    Raises:
        JobError: a label differs, or a probability by more than is allowed; such a model must not be deployed.
    """
    answered = run(session_of(graph), rows)
    if answered.shape != expected.shape:
        raise JobError(f"{name}: the graph answers {answered.shape}, the library {expected.shape}")
    difference = float(np.abs(answered - expected).max())
    labels, wanted = answered.argmax(axis=1), expected.argmax(axis=1)
    # Two classes that are equally likely to the last digit have no first one.
    margin = np.sort(expected, axis=1)
    differing = int(np.count_nonzero((labels != wanted) & (margin[:, -1] - margin[:, -2] > LARGEST_DIFFERENCE)))
    if differing or not difference <= LARGEST_DIFFERENCE:
        raise JobError(
            f"{name}: the exported graph differs from the library on {differing} of {len(rows)} labels and by up to "
            f"{difference:.2g} in probability; allowed: no label and {LARGEST_DIFFERENCE:g}; leave {name} out of "
            "the algorithms or report the data that shows it"
        )
    return difference
