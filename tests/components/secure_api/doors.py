"""What other components give to the API that a test declares alone."""

from __future__ import annotations

from components.ml_batches import BatchDoor
from tests.components.recorder import ACCOUNT, REGION

BATCHES: BatchDoor = {
    "batches_table": "mlplatform-dev-batches",
    "bucket": "mlplatform-dev-processed",
    "queue_url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/mlplatform-dev-batches",
    "endpoint_rows": 1000,
    "keep_days": 30,
    "largest_body_kb": 3072,
    "statements": [],
}
