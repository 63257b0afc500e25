"""Batches of predictions."""

from __future__ import annotations

from functions.batches import schemas
from functions.routes.route import SIGNED_IN, Route
from functions.shared.resources.lists import ListQuery

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
        once=True,
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
        query=ListQuery,
        response=schemas.BatchPage,
        errors=("unavailable",),
    ),
)
