"""Statistics of the data a model was trained on, kept so that later traffic can be compared with them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20


def describe_numbers(values: NDArray[np.float64]) -> dict[str, Any]:
    """Count, missing, mean, deviation, range, quantiles and a histogram of equal bins; NaN stands for missing."""
    known = values[~np.isnan(values)]
    statistics: dict[str, Any] = {"count": len(known), "missing": int(len(values) - len(known))}
    if not len(known):
        return statistics
    lowest, highest = float(known.min()), float(known.max())
    # Divided before the difference: two ends of opposite sign may be too far apart for a float.
    inner = [lowest + (highest / BINS - lowest / BINS) * n for n in range(1, BINS)]
    edges = np.unique(np.array([lowest, *inner, highest]))
    counts = np.histogram(known, bins=edges)[0].tolist() if highest > lowest else [len(known)]
    scale = max(abs(lowest), abs(highest)) or 1.0
    scaled = known / scale  # squares of large numbers would overflow
    return statistics | {
        "mean": float(scaled.mean() * scale),
        "std": float(scaled.std() * scale),
        "min": lowest,
        "max": highest,
        "quantiles": {f"{share:g}": float(np.quantile(scaled, share) * scale) for share in QUANTILES},
        "histogram": {"edges": edges.tolist(), "counts": counts},
    }


def describe_categories(codes: NDArray[np.int32], texts: list[str]) -> dict[str, Any]:
    """Count, missing and how often each category occurs; a negative code stands for missing."""
    known = codes[codes >= 0]
    counts = np.bincount(known, minlength=len(texts))
    return {
        "count": len(known),
        "missing": int(len(codes) - len(known)),
        "categories": {text: int(count) for text, count in zip(texts, counts, strict=True)},
    }
