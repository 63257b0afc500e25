"""The operations of the data routes."""

from __future__ import annotations

from functions.records import logic
from functions.records.logic import Records
from functions.records.schemas import NewRecord, RecordChange, RecordPage, RecordQuery, WholeRecord
from functions.shared.api import Operation, Request
from functions.shared.errors import ApiError
from functions.shared.resources.conditional import Tagged

SIGNED_IN = ("aws.cognito.signin.user.admin",)


def operations(records: Records | None) -> dict[str, Operation]:
    """What stands behind the routes; None where the stack has no database."""

    def kept() -> Records:
        if records is None:
            raise ApiError("no_database")
        return records

    def listed(request: Request) -> RecordPage:
        return logic.page_of(kept(), request.caller, request.query)

    def add(request: Request) -> Tagged:
        body = request.body
        return logic.add(kept(), request.caller, body.payload, body.attributes, new_id=request.new_id())

    def get(request: Request) -> Tagged:
        return logic.get(kept(), request.caller, request.path("id"))

    def replace(request: Request) -> Tagged:
        return logic.replace(kept(), request.caller, request.path("id"), request.headers, request.body)

    def change(request: Request) -> Tagged:
        return logic.change(kept(), request.caller, request.path("id"), request.headers, request.body)

    def remove(request: Request) -> None:
        logic.remove(kept(), request.caller, request.path("id"), request.headers)

    return {
        "GET /v1/data": Operation(listed, scopes=SIGNED_IN, query=RecordQuery, tagged=True),
        "POST /v1/data": Operation(add, status=201, scopes=SIGNED_IN, request=NewRecord, tagged=True, once=True),
        "GET /v1/data/{id}": Operation(get, scopes=SIGNED_IN, tagged=True),
        "PUT /v1/data/{id}": Operation(replace, scopes=SIGNED_IN, request=WholeRecord, tagged=True),
        "PATCH /v1/data/{id}": Operation(change, scopes=SIGNED_IN, request=RecordChange, tagged=True),
        "DELETE /v1/data/{id}": Operation(remove, status=204, scopes=SIGNED_IN),
    }
