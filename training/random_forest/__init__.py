"""Random forest: strong without tuning, and slow in its own library for a single row."""

from training.random_forest.model import PARAMETERS, fit, probabilities, to_onnx

__all__ = ["PARAMETERS", "fit", "probabilities", "to_onnx"]
