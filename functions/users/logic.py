"""Who may see and change whose record, and what closing an account takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.errors import ApiError, Detail
from functions.shared.identity.tokens import ADMINISTRATORS, Caller
from functions.shared.resources.conditional import Tagged, expected
from functions.shared.resources.lists import Place
from functions.shared.schemas import Pagination
from functions.shared.tasks import WorkError
from functions.users.schemas import User, UserChange, UserPage, UserQuery, WholeUser

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Listed:
    """A page of users as their table gives it."""

    items: Sequence[Item]
    pagination: Pagination


class Users(Protocol):
    """The table of users; each method ends with an ApiError where the caller has to be told."""

    def get(self, user_id: str) -> Item | None:
        """A user's item."""

    def change(self, user_id: str, version: int, values: Mapping[str, str]) -> Item | None:
        """Sets attributes of a version; None when it is there no more."""

    def forget(self, user_id: str, version: int) -> bool:
        """Takes all that is personal from a version; whether it was there."""

    def close(self, user_id: str) -> None:
        """Notes that nothing of an account is left to do."""

    def page(self, place: Place) -> Listed:
        """A page."""


class Accounts(Protocol):
    """The user pool."""

    def delete(self, user_id: str) -> None:
        """Takes an account away, and with it every way to sign in; its address is free again."""


class Sessions(Protocol):
    """The table of sessions."""

    def end(self, session_id: str, user_id: str) -> None:
        """Lets a session's tokens count no more."""

    def end_all(self, user_id: str) -> None:
        """Lets no token of a user count any more."""


class Data(Protocol):
    """What else a user has kept here."""

    def forget(self, user_id: str) -> None:
        """Deletes it."""


def get(users: Users, caller: Caller, user_id: str) -> Tagged:
    """A user's record."""
    return tagged(found(users, caller, user_id))


def replace(users: Users, caller: Caller, user_id: str, headers: Mapping[str, str], whole: WholeUser) -> Tagged:
    """What can be changed of a record, over the version that the caller has seen."""
    item = found(users, caller, user_id)
    expected(headers, version_of(item))
    return written(users, item, whole.model_dump())


def change(users: Users, caller: Caller, user_id: str, headers: Mapping[str, str], part: UserChange) -> Tagged:
    """Parts of a record; a change of nothing makes no new version."""
    item = found(users, caller, user_id)
    expected(headers, version_of(item))
    asked = part.model_dump(exclude_unset=True)
    if gone := [Detail(name, "cannot be taken away; give it a value") for name, value in asked.items() if not value]:
        raise ApiError("invalid_request", gone)
    changes = {name: value for name, value in asked.items() if item.get(name) != value}
    return written(users, item, changes) if changes else tagged(item)


@dataclass(frozen=True)
class Places:
    """Everywhere that something of a user is."""

    users: Users
    accounts: Accounts
    sessions: Sessions
    data: Sequence[Data]
    """Wherever they keep something, in the order in which it is deleted."""


def remove(places: Places, caller: Caller, user_id: str, headers: Mapping[str, str]) -> None:
    """Closes an account.

    What identifies the person goes first, in one write that only the version that was seen allows. When a later step
    fails, the same call again goes on from there; so the caller's own session ends last.
    """
    allowed(caller, user_id)
    users, sessions = places.users, places.sessions
    item = users.get(user_id)
    if item is None or "closedAt" in item:
        raise ApiError("unknown_user")
    if "deletedAt" not in item:
        expected(headers, version_of(item))
        if not users.forget(user_id, version_of(item)):
            raise ApiError("changed", why="meanwhile")
    delete(places, user_id)
    sessions.end_all(user_id)
    users.close(user_id)
    if caller.user_id == user_id and caller.session:
        sessions.end(caller.session, user_id)


def follow(places: Places, event: Mapping[str, Any]) -> dict[str, Any]:
    """Closes here what was closed in any region: this region's account, rows and objects.

    Args:
        places: those of this region. Users and sessions are the same in every region: whoever closes has ended them.
        event: records of the users table's stream.

    Raises:
        WorkError: a part is not available; what was done stays done, and a second call goes on.
    """
    closed = 0
    for record in event["Records"]:
        user_id = str(record["dynamodb"]["Keys"]["userId"]["S"])
        # The table, not the record: an image may be older than what has become of the item.
        item = places.users.get(user_id)
        if item is None or "deletedAt" not in item:
            continue
        try:
            delete(places, user_id)
        except ApiError as problem:
            raise WorkError(f"account {user_id} is not closed here yet: {problem.code}; it is tried again") from problem
        closed += 1
    return {"outcome": "closed" if closed else "nothing"}


def delete(places: Places, user_id: str) -> None:
    """Takes away the account, and what its user has kept."""
    places.accounts.delete(user_id)
    for kept in places.data:
        kept.forget(user_id)


def page_of(users: Users, query: UserQuery) -> UserPage:
    """A page of users, the newest first."""
    page = users.page(Place.of(query))
    return UserPage(data=[shown(item) for item in page.items], pagination=page.pagination)


def allowed(caller: Caller, user_id: str) -> None:
    """Ends with `missing_group` unless it is the caller's own record, or the caller an administrator."""
    if user_id != caller.user_id:
        caller.needs((), (ADMINISTRATORS,))


def found(users: Users, caller: Caller, user_id: str) -> Item:
    """The item of a user whom the caller may see; of a closed account there is none."""
    allowed(caller, user_id)
    item = users.get(user_id)
    if item is None or "deletedAt" in item:
        raise ApiError("unknown_user")
    return item


def written(users: Users, item: Item, values: Mapping[str, str]) -> Tagged:
    """A record after a change."""
    made = users.change(str(item["userId"]), version_of(item), values)
    if made is None:
        raise ApiError("changed", why="meanwhile")
    return tagged(made)


def version_of(item: Item) -> int:
    """How often a record was changed."""
    return int(item.get("version", 0))


def tagged(item: Item) -> Tagged:
    """A record with its version."""
    return Tagged(shown(item), version_of(item))


def shown(item: Item) -> User:
    """A record as its owner sees it."""
    texts = {name: str(item.get(name, "")) for name in ("email", "name", "language")}
    created = str(item.get("createdAt", ""))
    return User(
        user_id=str(item["userId"]),
        version=version_of(item),
        created_at=created,
        updated_at=str(item.get("updatedAt", created)),
        **texts,
    )
