"""The ONNX model behind BentoML, in the way that its services are written."""

# The package is not installed where types are checked.
# mypy: disable-error-code="untyped-decorator, type-arg"

# Annotations are read at run time here: no postponed evaluation.
import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Onnx:
    """Runs the graph on one thread."""

    def __init__(self) -> None:
        """Loads the graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)

    @bentoml.api
    def predict(self, features: np.ndarray) -> np.ndarray:
        """Answers one request."""
        answer: np.ndarray = self.session.run(["probabilities"], {"features": features.astype(np.float32)})[0]
        return answer
