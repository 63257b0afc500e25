"""Gradient boosted trees by XGBoost (named so that the folder does not hide the library)."""

from training.xgboost_trees.model import PARAMETERS, fit, probabilities, to_onnx

__all__ = ["PARAMETERS", "fit", "probabilities", "to_onnx"]
