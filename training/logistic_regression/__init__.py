"""Logistic regression: quick, and hard to beat on small tables."""

from training.logistic_regression.model import PARAMETERS, fit, probabilities, to_onnx

__all__ = ["PARAMETERS", "fit", "probabilities", "to_onnx"]
