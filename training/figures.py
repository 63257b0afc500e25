"""The figures that decide between models, and how SageMaker finds them in a job's log."""

from __future__ import annotations

METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")

METRIC_DEFINITIONS = tuple(
    {"Name": f"validation:{name}", "Regex": rf"best model: .*validation:{name}=([0-9.]+)"} for name in METRICS
)
"""For a training job's `AlgorithmSpecification.MetricDefinitions`."""
