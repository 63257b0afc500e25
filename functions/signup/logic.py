"""The decisions: whose address may sign up, and what is made of a user who has proven one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Protocol

from functions.shared.identity.people import KIND
from functions.shared.tasks import WorkError
from functions.signup.settings import Settings


class NotAllowedError(WorkError):
    """An address may not sign up; Cognito passes the text on to the caller."""


class Users(Protocol):
    """Where users are recorded."""

    def add(self, user: Mapping[str, str]) -> None:
        """Records a user; one that is recorded already stays as it is."""


class Groups(Protocol):
    """The pool's groups."""

    def join(self, pool_id: str, username: str, group: str) -> None:
        """Makes a user a member; one who is already stays one."""


def before(event: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The event with the decision about a sign-up in it.

    Raises:
        NotAllowedError: addresses of this domain may not sign up.
    """
    # An administrator knows whom to invite.
    if event["triggerSource"] == "PreSignUp_AdminCreateUser":
        return dict(event)
    email = str(event["request"]["userAttributes"].get("email", ""))
    domains = {name.strip().lower() for name in settings.email_domains.split(",") if name.strip()}
    if domains and email.rpartition("@")[2].lower() not in domains:
        raise NotAllowedError("addresses of this domain may not sign up")
    confirm = settings.auto_confirm == "true"
    return {**event, "response": {**event["response"], "autoConfirmUser": confirm, "autoVerifyEmail": confirm}}


def after(event: Mapping[str, Any], settings: Settings, users: Users, groups: Groups) -> dict[str, Any]:
    """Records a user whose address was confirmed. Cognito may call this more than once for one user."""
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        attributes = event["request"]["userAttributes"]
        groups.join(event["userPoolId"], event["userName"], settings.group)
        users.add(record(attributes, datetime.now(timezone.utc)))
    return dict(event)


def record(attributes: Mapping[str, str], at: datetime) -> dict[str, str]:
    """A user as the table has it."""
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    found = {
        "kind": KIND,
        "userId": attributes["sub"],
        "email": attributes.get("email", "").lower(),
        "name": attributes.get("name", ""),
        "language": attributes.get("locale", ""),
        "createdAt": moment,
        "updatedAt": moment,
    }
    return {name: value for name, value in found.items() if value}
