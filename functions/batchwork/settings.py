"""What the batchwork function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Record, files, queues, endpoint and transforms."""

    batches_table: str
    """Table of batches."""
    bucket: str
    """Bucket that holds questions and results, below `results/batch/`."""
    queue_url: str
    """Queue of the work itself."""
    callbacks_url: str
    """Queue of callbacks."""
    endpoint_name: str
    """Endpoint whose model answers."""
    job_prefix: str
    """Beginning of the names of transforms, such as `mlplatform-dev-batch-`."""
    key_arn: str
    """KMS key of results."""
    volume_key_arn: str = ""
    """KMS key of a transform's volume; none for instances that encrypt their own."""
    instance_type: str = "ml.m5.xlarge"
    """Instance of a transform."""
    most_transforms: int = 10
    """Transforms at once; the others wait in the queue."""
    piece_rows: int = 100
    """Rows of one request to the endpoint."""
    transform_rows: int = 500
    """Rows of one request of a transform."""
    slot_wait_s: int = 60
    """How long a batch that finds all transforms in use waits before it looks again."""
    tries: int = 5
    """How often a message is delivered before its batch is given up."""
    model_timeout_ms: int = 20000
    """Longest wait for the endpoint; three tries of one piece stay below the time that a run keeps for them."""
