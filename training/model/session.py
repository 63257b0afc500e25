"""Runs a model's graph with ONNX Runtime; all that serving and evaluation need of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.problems import JobError

INPUT, OUTPUT = "features", "probabilities"


def session_of(graph: bytes) -> Any:
    """A session for single rows: one thread, since handing a row to another costs more than computing it.

    Raises:
        JobError: the bytes are no graph that ONNX Runtime can load.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises types of its own, one for each status
        raise JobError(f"the model's graph cannot be loaded: {error}; train the model again") from error


def run(session: Any, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of each class for each row."""
    return np.asarray(session.run([OUTPUT], {INPUT: rows})[0], dtype=np.float32)
