"""Batches of predictions."""

from __future__ import annotations

from functions.batches import schemas
from functions.routes.route import SIGNED_IN, Header, Route
from functions.shared.schemas import Page

ONCE = Header("Idempotency-Key", "The same key and body begin one batch, however often they are sent")
SCOPES = (*SIGNED_IN, "platform/predict")

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/ml/batch-predict",
        capability="batches",
        operation="begin_batch",
        summary="Predict for many rows in the background",
        tag="batches",
        scopes=SCOPES,
        request=schemas.BatchRequest,
        response=schemas.Accepted,
        status=202,
        headers=(ONCE,),
        errors=("batch_differs", "unavailable"),
        throttle_rps=20,
        throttle_burst=40,
    ),
    Route(
        method="GET",
        path="/v1/ml/batch/{id}/status",
        capability="batches",
        operation="batch_status",
        summary="See how far a batch is, and where its results are",
        tag="batches",
        scopes=SCOPES,
        response=schemas.BatchStatus,
        errors=("unknown_batch", "unavailable"),
    ),
    Route(
        method="DELETE",
        path="/v1/ml/batch/{id}",
        capability="batches",
        operation="cancel_batch",
        summary="End a batch; what is done by then stays",
        tag="batches",
        scopes=SCOPES,
        response=None,
        status=204,
        errors=("unknown_batch", "batch_over", "unavailable"),
        throttle_rps=20,
        throttle_burst=40,
    ),
    Route(
        method="GET",
        path="/v1/ml/batches",
        capability="batches",
        operation="list_batches",
        summary="List your batches, the newest first",
        tag="batches",
        scopes=SCOPES,
        query=Page,
        response=schemas.BatchPage,
        errors=("unavailable",),
    ),
)
