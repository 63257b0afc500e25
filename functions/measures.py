"""What functions measure: each metric with its unit, by the folder of the function that writes it into its log.

Alarms and dashboards may name these and no others; the functions take what they may write from here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMESPACE: Final = "MLPlatform"
"""Namespace of all of them."""
DIMENSION: Final = "Function"
"""Their one dimension: the name of the function."""

MEASURES: Final[Mapping[str, Mapping[str, str]]] = {
    "batchwork": {"BatchesCompleted": "Count", "BatchesFailed": "Count", "TransformsRunning": "Count"},
    "callbacks": {"CallbacksDelivered": "Count", "CallbacksRefused": "Count"},
    "compare": {"ModelAccuracy": "Percent", "AccuracyDrop": "Percent"},
    "insights": {
        "InsightsRead": "Count",
        "InsightsDegraded": "Count",
        "AdverseEvents": "Count",
        "InsightsTime": "Milliseconds",
        # In USD, for which CloudWatch has no unit.
        "InsightsCost": "None",
    },
    "predictions": {
        "Predictions": "Count",
        "CacheHits": "Count",
        "CacheMisses": "Count",
        "CacheOff": "Count",
        "Confidence": "Percent",
        "ProcessingTime": "Milliseconds",
        "RecordsLost": "Count",
    },
    # In days, for which CloudWatch has no unit.
    "rotation": {"SecretAgeDays": "Count"},
    "snapshots": {"DatabaseCopyAge": "Seconds"},
}
"""Folder of functions/ → metric → unit."""
