"""Records of users, and figures for a front page."""

from __future__ import annotations

from typing import Any

from functions.dashboard import schemas as dashboard
from functions.records import schemas as records
from functions.routes.route import IF_MATCH, SIGNED_IN, Route

CHANGE = ("version_missing", "no_database", "unknown_record", "changed")


def record(operation: str, summary: str, **more: Any) -> Route:
    """A row of the data routes."""
    return Route(capability="records", operation=operation, summary=summary, tag="data", scopes=SIGNED_IN, **more)


ROUTES: tuple[Route, ...] = (
    record(
        "list_records",
        "List records: your own, or everybody's for administrators",
        method="GET",
        path="/v1/data",
        query=records.RecordQuery,
        response=records.RecordPage,
        tagged=True,
        errors=("no_database", "missing_group"),
    ),
    record(
        "add_record",
        "Keep a record",
        method="POST",
        path="/v1/data",
        request=records.NewRecord,
        response=records.DataRecord,
        status=201,
        tagged=True,
        once=True,
        errors=("no_database",),
    ),
    record(
        "get_record",
        "Read a record",
        method="GET",
        path="/v1/data/{id}",
        response=records.DataRecord,
        tagged=True,
        errors=("no_database", "unknown_record"),
    ),
    record(
        "replace_record",
        "Write a record as a whole",
        method="PUT",
        path="/v1/data/{id}",
        request=records.WholeRecord,
        response=records.DataRecord,
        tagged=True,
        headers=(IF_MATCH,),
        errors=CHANGE,
    ),
    record(
        "change_record",
        "Change parts of a record",
        method="PATCH",
        path="/v1/data/{id}",
        request=records.RecordChange,
        response=records.DataRecord,
        tagged=True,
        headers=(IF_MATCH,),
        errors=CHANGE,
    ),
    record(
        "delete_record",
        "Delete a record",
        method="DELETE",
        path="/v1/data/{id}",
        response=None,
        status=204,
        headers=(IF_MATCH,),
        errors=CHANGE,
    ),
    Route(
        method="GET",
        path="/v1/dashboard/stats",
        capability="dashboard",
        operation="dashboard_stats",
        summary="Figures for a front page: models, your predictions, what you have used",
        tag="dashboard",
        scopes=SIGNED_IN,
        response=dashboard.Stats,
    ),
)
