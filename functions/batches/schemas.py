"""Bodies of the batch routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.shared.schemas import FEATURES, Answer, Body, Pagination, PredictionInput, example, page_example

MOST_ROWS = 10_000
"""Rows of one batch; the model's container takes no more at once."""

Status = Literal["QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
BATCH_ID = "1c7d5a52-5a6e-5d0e-9f0c-0b7c1d5f3a61"
COUNTS = {"total": 2, "done": 2, "failed": 1}


class BatchRequest(Body):
    """Rows to predict for, and where to tell when they are done."""

    model_config = example(
        {"inputs": [FEATURES, {**FEATURES, "age": 33}], "callbackUrl": "https://app.example.org/hooks/batches"}
    )
    inputs: Annotated[list[PredictionInput], Field(min_length=1, max_length=MOST_ROWS)]
    callback_url: Annotated[
        str | None,
        Field(
            max_length=2048,
            description="Public https address on port 443 that is told of the end by a signed POST",
        ),
    ] = None


class Accepted(Answer):
    """A batch that will be worked on, whatever happens to the caller's connection from here on."""

    model_config = example(
        {
            "batchId": BATCH_ID,
            "status": "QUEUED",
            "estimatedCompletionTime": "2026-01-31T12:00:05.000Z",
            "statusUrl": f"/api/v1/ml/batch/{BATCH_ID}/status",
        }
    )
    batch_id: str
    status: Status
    estimated_completion_time: str
    status_url: Annotated[str, Field(description="Path on the host that was called")]


class Counts(Answer):
    """How many rows there are, how many have an answer or an error, and how many of those an error."""

    total: Annotated[int, Field(ge=1)]
    done: Annotated[int, Field(ge=0)]
    failed: Annotated[int, Field(ge=0)]


class Callback(Answer):
    """How far the message to the caller's own address is."""

    status: Literal["PENDING", "SENT", "DELIVERED", "REFUSED", "UNDELIVERED"]


class BatchSummary(Answer):
    """A batch in a list."""

    batch_id: str
    status: Status
    created_at: str
    updated_at: str
    counts: Counts
    progress: Annotated[float, Field(ge=0, le=1, description="Share of the rows that are done")]


class BatchStatus(BatchSummary):
    """A batch. Its results are JSON lines in the order of the rows.

    Each is `{index, result, modelVersion}`, or `{index, error: {code, message, details}}` for a row without an answer.
    """

    model_config = example(
        {
            "batchId": BATCH_ID,
            "status": "COMPLETED",
            "createdAt": "2026-01-31T12:00:00.000Z",
            "updatedAt": "2026-01-31T12:00:04.000Z",
            "counts": COUNTS,
            "progress": 1.0,
            "resultUrl": "https://bucket.s3.us-east-1.amazonaws.com/results/batch/…",
            "resultUrlExpiresAt": "2026-01-31T12:15:00.000Z",
            "callback": {"status": "DELIVERED"},
        }
    )
    estimated_completion_time: Annotated[str | None, Field(description="While it is not over")] = None
    result_url: Annotated[str | None, Field(description="Good for some minutes; each call gives a new one")] = None
    result_url_expires_at: str | None = None
    failure: Annotated[str | None, Field(description="Code of the error that ended it")] = None
    callback: Callback | None = None


class BatchPage(Answer):
    """A page of the caller's batches, the newest first."""

    model_config = page_example(
        {
            "batchId": BATCH_ID,
            "status": "COMPLETED",
            "createdAt": "2026-01-31T12:00:00.000Z",
            "updatedAt": "2026-01-31T12:00:04.000Z",
            "counts": COUNTS,
            "progress": 1.0,
        }
    )
    data: list[BatchSummary]
    pagination: Pagination
