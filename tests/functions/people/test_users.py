"""The user routes over tables and a user pool: whose record, which version, what a closed account leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.aws.sdk import client
from functions.shared.errors import ApiError
from functions.shared.identity.ending import SessionEnds
from functions.shared.resources.lists import Place
from functions.shared.tasks import WorkError
from functions.signup.logic import record
from functions.signup.store import UsersTable as SignUps
from functions.users.logic import Places, follow
from functions.users.operations import operations
from functions.users.schemas import UserQuery
from functions.users.store import Folder, PoolAccounts, RelationalData, UsersTable
from tests.functions.support.accounts import Memory, item
from tests.functions.support.apps import POOL, Answer, Client
from tests.functions.support.cloud import account_tables, user_pool

ONE = "/v1/users/{id}"
OTHER = "5b0c3f1e-6a44-4a58-8d3c-1f7be0d6a001"
SESSION = "b2f4a8f5-9a0e-4d0c-8f3e-7a1f0f5d2c11"

pytestmark = pytest.mark.usefixtures("aws")


class Data:
    """What a user keeps elsewhere; fails as often as it is told."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.fails = 0

    def forget(self, user_id: str) -> None:
        if self.fails:
            self.fails -= 1
            raise ApiError("unavailable")
        self.forgotten.append(user_id)


def changed(user_id: str) -> dict[str, Any]:
    """What Lambda is called with when an item of the users table has changed."""
    return {"Records": [{"eventName": "MODIFY", "dynamodb": {"Keys": {"userId": {"S": user_id}}}}]}


class World:
    """Ada, who calls, and somebody else."""

    def __init__(self) -> None:
        account_tables()
        self.pool_id, _ = user_pool()
        self.data, self.memory = Data(), Memory()
        self.ends = SessionEnds("sessions", self.memory)
        client("s3").create_bucket(Bucket="folders")
        kept = (self.data, Folder("folders"))
        places = Places(UsersTable("users"), PoolAccounts(self.pool_id), self.ends, kept)
        self.places = places
        self.client = Client(operations(places))
        for user_id, email in ((POOL.subject, "ada@example.org"), (OTHER, "bob@example.org")):
            self.join(user_id, email)

    def join(self, user_id: str, email: str, at: str = "2026-01-01T00:00:00.000Z") -> None:
        attributes = {"sub": user_id, "email": email, "name": "Ada Example", "locale": "en"}
        SignUps("users").add(record(attributes, datetime.fromisoformat(at)))

    def call(self, method: str, user_id: str = POOL.subject, **more: Any) -> Answer:
        return self.client.call(method, ONE, path={"id": user_id}, **more)

    def listed(self, **query: str) -> Answer:
        return self.client.call("GET", "/v1/users", groups=["administrators"], query=query)


@pytest.fixture
def world(aws: None) -> World:
    return World()


def test_ones_own_record_is_read(world: World) -> None:
    found = world.call("GET")
    assert (found.status, found.headers["ETag"]) == (200, '"0"')
    assert found.body == {
        "userId": POOL.subject,
        "email": "ada@example.org",
        "name": "Ada Example",
        "language": "en",
        "version": 0,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
    }
    assert world.call("GET", headers={"If-None-Match": '"0"'}).status == 304


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_somebody_elses_record_is_for_administrators(world: World, method: str) -> None:
    body = {"name": "Bob", "language": "fr"} if method in {"PUT", "PATCH"} else None
    for user_id in (OTHER, str(uuid4())):
        refused = world.call(method, user_id, body=body, headers={"If-Match": "*"})
        assert (refused.status, refused.code) == (403, "missing_group")
    found = world.call(method, OTHER, body=body, headers={"If-Match": "*"}, groups=["administrators"])
    assert found.status == (204 if method == "DELETE" else 200)
    gone = world.call(method, str(uuid4()), body=body, headers={"If-Match": "*"}, groups=["administrators"])
    assert (gone.status, gone.code) == (404, "unknown_user")


def test_a_change_is_of_the_version_that_was_read(world: World) -> None:
    first = world.call("PUT", body={"name": "Ada B", "language": "es"}, headers={"If-Match": '"0"'})
    assert (first.status, first.body["name"], first.body["version"]) == (200, "Ada B", 1)
    assert first.body["updatedAt"] > first.body["createdAt"]
    second = world.call("PATCH", body={"name": "Ada C"}, headers={"If-Match": first.headers["ETag"]})
    assert (second.body["name"], second.body["language"], second.headers["ETag"]) == ("Ada C", "es", '"2"')
    for method in ("PUT", "PATCH", "DELETE"):
        body = {"name": "Late", "language": "en"}
        assert world.call(method, body=body, headers={"If-Match": '"1"'}).code == "changed"
        silent = world.call(method, body=body)
        assert (silent.status, silent.code) == (400, "version_missing")
    same = world.call("PATCH", body={"name": "Ada C"}, headers={"If-Match": '"2"'})
    assert (same.status, same.headers["ETag"]) == (200, '"2"')
    assert item("users", "userId", POOL.subject)["email"] == "ada@example.org"


def test_of_two_who_have_read_the_same_one_is_told(world: World) -> None:
    table = UsersTable("users")
    assert table.change(OTHER, 0, {"name": "One"}) is not None
    assert table.change(OTHER, 0, {"name": "Two"}) is None
    assert not table.forget(OTHER, 0)
    assert table.change(str(uuid4()), 0, {"name": "Nobody"}) is None


@pytest.mark.parametrize(
    ("method", "body", "field"),
    [
        ("PUT", {"name": "Ada"}, "language"),
        ("PUT", {"name": "", "language": "en"}, "name"),
        ("PUT", {"name": "Ada", "language": "English"}, "language"),
        ("PUT", {"name": "Ada", "language": "en", "email": "new@example.org"}, "email"),
        ("PATCH", {"email": "new@example.org"}, "email"),
        ("PATCH", {"name": None}, "name"),
        ("PATCH", {"language": None}, "language"),
        ("PATCH", {"version": 7}, "version"),
    ],
)
def test_what_cannot_be_changed_is_told_by_field(world: World, method: str, body: Any, field: str) -> None:
    refused = world.call(method, body=body, headers={"If-Match": "*"})
    assert (refused.status, list(refused.fields)) == (400, [field])
    assert world.call("GET").body["version"] == 0


def test_a_closed_account_leaves_nothing_of_a_person(world: World) -> None:
    cognito = client("cognito-idp")
    cognito.admin_create_user(UserPoolId=world.pool_id, Username="bob@example.org")
    made = cognito.admin_get_user(UserPoolId=world.pool_id, Username="bob@example.org")
    bob = made["Username"]
    world.join(bob, "bob2@example.org")
    world.ends.end("other session", bob)
    client("dynamodb").put_item(
        TableName="sessions",
        Item={"sessionId": {"S": "open"}, "userId": {"S": bob}, "createdAt": {"S": "2026-01-01T00:00:00.000Z"}},
    )
    assert world.call("DELETE", bob, headers={"If-Match": "*"}, groups=["administrators"]).status == 204
    left = item("users", "userId", bob)
    assert set(left) == {"userId", "createdAt", "updatedAt", "deletedAt", "closedAt", "version"}
    assert "endedAt" in item("sessions", "sessionId", "open")
    assert world.memory.values["session:open"] == b"ended"
    assert world.data.forgotten == [bob]
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(UserPoolId=world.pool_id, Username=bob)
    for method in ("GET", "DELETE"):
        again = world.call(method, bob, headers={"If-Match": "*"}, groups=["administrators"])
        assert (again.status, again.code) == (404, "unknown_user")
    assert bob not in [row["userId"] for row in world.listed().body["data"]]


def test_whoever_closes_their_own_account_is_signed_out_with_the_last_step(world: World) -> None:
    world.data.fails = 1
    broken = world.call("DELETE", headers={"If-Match": '"0"'})
    assert (broken.status, broken.code) == (503, "unavailable")
    assert "endedAt" not in item("sessions", "sessionId", SESSION)
    assert world.call("GET").status == 404
    # The version has changed by then: the same call goes on all the same.
    assert world.call("DELETE", headers={"If-Match": '"0"'}).status == 204
    assert "endedAt" in item("sessions", "sessionId", SESSION)
    assert world.data.forgotten == [POOL.subject]


def test_the_list_is_for_administrators(world: World) -> None:
    refused = world.client.call("GET", "/v1/users", groups=["users", "approvers"])
    assert (refused.status, refused.code) == (403, "missing_group")


def test_users_come_in_pages_the_newest_first(world: World) -> None:
    newest = [str(uuid4()) for _ in range(3)]
    for number, user_id in enumerate(newest):
        world.join(user_id, f"{number}@example.org", f"2026-02-0{number + 1}T00:00:00.000Z")
    first = world.listed(limit="2").body
    assert [row["userId"] for row in first["data"]] == newest[:0:-1]
    assert (first["pagination"]["total"], first["pagination"]["totalPages"]) == (5, 3)
    second = world.listed(limit="2", page="2").body
    followed = world.listed(limit="2", cursor=first["pagination"]["next"]).body
    assert second["pagination"].pop("start") == first["pagination"]["start"]
    assert followed == second
    assert second["data"][0]["userId"] == newest[0]
    last = world.listed(limit="2", page="3").body
    assert (len(last["data"]), last["pagination"]["hasNext"]) == (1, False)
    assert world.listed(page="9").body["data"] == []


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"page": "501"}, {"limit": "101"}, {"email": "a@b.c"}])
def test_a_query_that_makes_no_sense_is_refused(world: World, query: dict[str, str]) -> None:
    found = world.listed(**query)
    assert (found.status, list(found.fields)) == (400, list(query))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 9), st.integers(1, 4), st.lists(st.booleans(), max_size=9))
def test_nobody_comes_twice_and_nobody_is_missed_whoever_joins_or_leaves(
    world: World, count: int, limit: int, joins: list[bool]
) -> None:
    table = UsersTable("users")
    for number in range(count):
        world.join(str(uuid4()), "", f"2026-03-01T00:00:00.{number // 2:03d}Z")
    start = world.listed(limit="100").body["data"]
    there, seen, cursor = {row["userId"] for row in start}, list[str](), ""
    while True:
        query = UserQuery(limit=limit, cursor=cursor)
        found = world.listed(limit=str(limit), **({"cursor": cursor} if cursor else {})).body
        assert len(found["data"]) <= query.limit
        seen += [row["userId"] for row in found["data"]]
        cursor = found["pagination"].get("next", "")
        if not cursor:
            break
        if joins and joins.pop():
            world.join(str(uuid4()), "", "2026-04-01T00:00:00.000Z")
        elif seen and seen[0] in there:
            there.discard(seen[0])
            assert table.forget(seen[0], 0)
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_pages_by_number_stay_while_others_join(world: World) -> None:
    for number in range(5):
        world.join(str(uuid4()), "", f"2026-02-0{number + 1}T00:00:00.000Z")
    before = [world.listed(limit="3", page=str(page)).body for page in (1, 2, 3)]
    start = before[0]["pagination"]["start"]
    assert {page["pagination"]["start"] for page in before} == {start}
    for number in range(3):
        world.join(str(uuid4()), "", f"2026-03-0{number + 1}T00:00:00.000Z")
    assert [world.listed(limit="3", page=str(page), start=start).body for page in (1, 2, 3)] == before
    assert world.listed(limit="3", page="2").body != before[1]


def test_a_place_beyond_every_user_is_empty(world: World) -> None:
    found = UsersTable("users").page(Place.of(UserQuery(page=100, limit=100)))
    assert (list(found.items), found.pagination.next, found.pagination.total) == ([], None, 2)


def test_a_stack_without_a_database_has_nothing_to_forget() -> None:
    RelationalData(None).forget(OTHER)


def test_an_account_of_another_regions_pool_is_closed_as_far_as_it_can_be(world: World) -> None:
    PoolAccounts(world.pool_id).delete(str(uuid4()))


def test_a_folder_is_emptied_and_those_of_others_are_not(world: World) -> None:
    s3, other = client("s3"), f"{OTHER}0"
    for key in (f"users/{OTHER}/a.csv", f"users/{OTHER}/deep/b.csv", f"users/{other}/c.csv", f"public/{OTHER}/d.csv"):
        s3.put_object(Bucket="folders", Key=key, Body=b"x")
    for _ in range(2):
        Folder("folders").forget(OTHER)
        left = [row["Key"] for row in s3.list_objects_v2(Bucket="folders")["Contents"]]
        assert left == [f"public/{OTHER}/d.csv", f"users/{other}/c.csv"]


def test_a_folder_that_cannot_be_emptied_is_told(world: World) -> None:
    with pytest.raises(client("s3").exceptions.NoSuchBucket):
        Folder("no-such-bucket").forget(OTHER)


def test_whoever_closes_an_account_may_join_again_with_its_address(world: World) -> None:
    cognito = client("cognito-idp")
    named = {"UserPoolId": world.pool_id, "Username": "bob@example.org"}
    first = cognito.admin_create_user(**named)["User"]["Username"]
    world.join(first, "bob@example.org")
    world.data.fails = 1
    asked = {"headers": {"If-Match": "*"}, "groups": ["administrators"]}
    assert world.call("DELETE", first, **asked).status == 503
    assert world.call("DELETE", first, **asked).status == 204
    second = cognito.admin_create_user(**named)["User"]["Username"]
    world.join(second, "bob@example.org")
    assert second != first
    found = world.call("GET", second, groups=["administrators"])
    assert (found.body["email"], found.body["version"]) == ("bob@example.org", 0)
    assert world.call("GET", first, groups=["administrators"]).status == 404


def test_what_another_region_closed_is_closed_here(world: World) -> None:
    cognito = client("cognito-idp")
    here = {"UserPoolId": world.pool_id, "Username": "bob@example.org"}
    bob = cognito.admin_create_user(**here)["User"]["Username"]
    world.join(bob, "bob@example.org")
    assert follow(world.places, changed(bob)) == {"outcome": "nothing"}
    assert cognito.admin_get_user(**here)["Username"] == bob
    # The record as it arrives, while rows and account of this region are still there.
    assert UsersTable("users").forget(bob, 0)
    world.data.fails = 1
    with pytest.raises(WorkError, match=f"account {bob} is not closed here yet: unavailable"):
        follow(world.places, changed(bob))
    for _ in range(2):
        assert follow(world.places, changed(bob)) == {"outcome": "closed"}
    assert world.data.forgotten == [bob, bob]
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.admin_get_user(**here)
    # Whoever closes says so, and nobody else: this region writes nothing that would call it again.
    assert "closedAt" not in item("users", "userId", bob)


def test_a_record_that_is_gone_meanwhile_closes_nothing(world: World) -> None:
    assert follow(world.places, changed(str(uuid4()))) == {"outcome": "nothing"}
    assert world.data.forgotten == []
