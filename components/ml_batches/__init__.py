"""MlBatches: batch predictions in the background."""

from __future__ import annotations

from components.ml_batches.args import BatchDoor, MlBatchesArgs
from components.ml_batches.component import MlBatches

__all__ = ["BatchDoor", "MlBatches", "MlBatchesArgs"]
