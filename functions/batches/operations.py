"""The operations of the batch routes."""

from __future__ import annotations

from functions.batches.logic import Asked, Batches
from functions.batches.schemas import Accepted, BatchPage, BatchRequest, BatchStatus
from functions.shared.api import Operation, Request
from functions.shared.aws.sdk import told
from functions.shared.resources.lists import ListQuery

SCOPES = ("aws.cognito.signin.user.admin", "platform/predict")
BEGUN_AT = "batch-predict"
"""Last part of the path of the route that begins a batch; those that follow it up stand beside."""


def operations(batches: Batches) -> dict[str, Operation]:
    """What stands behind the routes."""

    def begin(request: Request) -> Accepted:
        rows = [row.__pydantic_extra__ or {} for row in request.body.inputs]
        with told():
            accepted = batches.begin(
                Asked(
                    rows=rows,
                    callback_url=request.body.callback_url,
                    user_id=request.caller.user_id,
                    batch_id=request.new_id(),
                    address=address(request),
                )
            )
        request.notes.update(batchId=accepted.batch_id, rows=len(rows))
        return accepted

    def status(request: Request) -> BatchStatus:
        with told():
            return batches.status(request.path("id"), request.caller.user_id)

    def cancel(request: Request) -> None:
        with told():
            batches.cancel(request.path("id"), request.caller.user_id)

    def page(request: Request) -> BatchPage:
        with told():
            return batches.page(request.caller.user_id, request.query)

    return {
        "POST /v1/ml/batch-predict": Operation(begin, status=202, scopes=SCOPES, request=BatchRequest, once=True),
        "GET /v1/ml/batch/{id}/status": Operation(status, scopes=SCOPES),
        "DELETE /v1/ml/batch/{id}": Operation(cancel, status=204, scopes=SCOPES),
        "GET /v1/ml/batches": Operation(page, scopes=SCOPES, query=ListQuery),
    }


def address(request: Request) -> str:
    """Where the caller finds the routes of one batch: on the same host, beside the one that was called."""
    return f"{str(request.event['requestContext']['path']).removesuffix(BEGUN_AT)}batch"
