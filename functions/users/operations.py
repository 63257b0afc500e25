"""The operations of the user routes."""

from __future__ import annotations

from functions.shared.api import Operation, Request
from functions.shared.identity.tokens import ADMINISTRATORS
from functions.shared.resources.conditional import Tagged
from functions.users import logic
from functions.users.logic import Places
from functions.users.schemas import UserChange, UserPage, UserQuery, WholeUser

SIGNED_IN = ("aws.cognito.signin.user.admin",)


def operations(places: Places) -> dict[str, Operation]:
    """What stands behind the routes."""
    users = places.users

    def listed(request: Request) -> UserPage:
        return logic.page_of(users, request.query)

    def get(request: Request) -> Tagged:
        return logic.get(users, request.caller, request.path("id"))

    def replace(request: Request) -> Tagged:
        return logic.replace(users, request.caller, request.path("id"), request.headers, request.body)

    def change(request: Request) -> Tagged:
        return logic.change(users, request.caller, request.path("id"), request.headers, request.body)

    def remove(request: Request) -> None:
        logic.remove(places, request.caller, request.path("id"), request.headers)

    return {
        "GET /v1/users": Operation(listed, scopes=SIGNED_IN, groups=(ADMINISTRATORS,), query=UserQuery, tagged=True),
        "GET /v1/users/{id}": Operation(get, scopes=SIGNED_IN, tagged=True),
        "PUT /v1/users/{id}": Operation(replace, scopes=SIGNED_IN, request=WholeUser, tagged=True),
        "PATCH /v1/users/{id}": Operation(change, scopes=SIGNED_IN, request=UserChange, tagged=True),
        "DELETE /v1/users/{id}": Operation(remove, status=204, scopes=SIGNED_IN),
    }
