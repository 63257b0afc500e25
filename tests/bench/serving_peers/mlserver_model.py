"""The ONNX model behind MLServer, in the way that its custom runtimes are written."""

# The package is not installed where types are checked.
# mypy: disable-error-code="misc"

from __future__ import annotations

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    """Decodes one tensor, runs the graph on one thread, encodes the probabilities."""

    async def load(self) -> bool:
        """Loads the graph."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answers one request."""
        rows = NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32)
        answer = self.session.run(["probabilities"], {"features": rows})[0]
        outputs = [NumpyCodec.encode_output("probabilities", answer)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
