"""Who uses the platform: one's own record, and everybody's for administrators."""

from __future__ import annotations

from functions.routes.route import IF_MATCH, SIGNED_IN, Route
from functions.shared.identity.tokens import ADMINISTRATORS
from functions.users import schemas as users

CHANGE = ("version_missing", "missing_group", "unknown_user", "changed")

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/users",
        capability="users",
        operation="list_users",
        summary="List users, the newest first",
        tag="users",
        scopes=SIGNED_IN,
        groups=(ADMINISTRATORS,),
        query=users.UserQuery,
        response=users.UserPage,
        tagged=True,
        throttle_rps=10,
        throttle_burst=20,
    ),
    Route(
        method="GET",
        path="/v1/users/{id}",
        capability="users",
        operation="get_user",
        summary="Read a user's record: your own, or anybody's for administrators",
        tag="users",
        scopes=SIGNED_IN,
        response=users.User,
        tagged=True,
        errors=("missing_group", "unknown_user"),
    ),
    Route(
        method="PUT",
        path="/v1/users/{id}",
        capability="users",
        operation="replace_user",
        summary="Write what can be changed of a user's record",
        tag="users",
        scopes=SIGNED_IN,
        request=users.WholeUser,
        response=users.User,
        tagged=True,
        headers=(IF_MATCH,),
        errors=CHANGE,
    ),
    Route(
        method="PATCH",
        path="/v1/users/{id}",
        capability="users",
        operation="change_user",
        summary="Change parts of a user's record",
        tag="users",
        scopes=SIGNED_IN,
        request=users.UserChange,
        response=users.User,
        tagged=True,
        headers=(IF_MATCH,),
        errors=CHANGE,
    ),
    Route(
        method="DELETE",
        path="/v1/users/{id}",
        capability="users",
        operation="delete_user",
        summary="Close an account: no sign-in, no session and no data of it are left, and its address is free again",
        tag="users",
        scopes=SIGNED_IN,
        response=None,
        status=204,
        headers=(IF_MATCH,),
        errors=CHANGE,
        throttle_rps=10,
        throttle_burst=20,
    ),
)
