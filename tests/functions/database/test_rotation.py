"""The password of the functions' role rotates against a real PostgreSQL, in steps that can be run again."""

from __future__ import annotations

from typing import Any

import pytest
from pg8000.exceptions import Error

from functions.rotation.database import DatabasePassword
from functions.rotation.logic import CURRENT, Rotation
from functions.shared.database.connection import PostgreSql
from functions.shared.database.faults import ConnectionLostError
from functions.shared.database.passwords import set_password
from functions.shared.tasks import WorkError
from tests.functions.rotation.fakes import ARN, FakeVault
from tests.functions.support.postgres import ADMINISTRATOR, Postgres

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Proxy:
    """Signs in with the value in force, as RDS Proxy does."""

    def __init__(self, server: Postgres, database: str, vault: FakeVault) -> None:
        self._server, self._database, self._vault = server, database, vault

    def __call__(self, user: str) -> PostgreSql:
        if user == ADMINISTRATOR:
            return self._server.session(self._database)
        kept = self._vault.value(CURRENT) or {}

        def dial() -> Any:
            try:
                return self._server.dial(self._database, user, kept["password"])
            except Error as error:  # of a refusal, or of the connection that ended with it
                raise ConnectionLostError("no sign-in") from error

        return PostgreSql(dial)


@pytest.fixture
def rotating(server: Postgres, empty: str, migrated: PostgreSql) -> tuple[FakeVault, Rotation, Proxy]:
    """The role with its first password, and the rotation of its secret."""
    set_password(migrated, "application", "first")
    vault = FakeVault({"username": "application", "password": "first"})
    proxy = Proxy(server, empty, vault)
    return vault, Rotation(vault, DatabasePassword(proxy, ADMINISTRATOR)), proxy


def step(rotation: Rotation, name: str) -> dict[str, Any]:
    return rotation.run({"Step": name, "SecretId": ARN, "ClientRequestToken": "v2"})


def signed_in(proxy: Proxy) -> bool:
    session = proxy("application")
    try:
        session.run("SELECT 1")
    except ConnectionLostError:
        return False
    finally:
        session.close()
    return True


def test_four_steps_put_another_password_in_force(rotating: tuple[FakeVault, Rotation, Proxy]) -> None:
    vault, rotation, proxy = rotating
    vault.begin("v2")
    for name in STEPS:
        step(rotation, name)
    kept = vault.value(CURRENT)
    assert kept is not None
    assert kept["username"] == "application"
    assert kept["password"] != "first"
    assert signed_in(proxy)


def test_each_step_may_run_again(rotating: tuple[FakeVault, Rotation, Proxy]) -> None:
    vault, rotation, proxy = rotating
    vault.begin("v2")
    for name in STEPS:
        step(rotation, name)
        step(rotation, name)
    assert signed_in(proxy)


def test_a_rotation_that_ends_before_it_sets_anything_changes_nothing(
    rotating: tuple[FakeVault, Rotation, Proxy],
) -> None:
    vault, rotation, proxy = rotating
    vault.begin("v2")
    step(rotation, "createSecret")
    assert signed_in(proxy)


def test_a_rotation_that_stopped_in_between_is_mended_by_the_next_deployment(
    rotating: tuple[FakeVault, Rotation, Proxy], migrated: PostgreSql
) -> None:
    vault, rotation, proxy = rotating
    vault.begin("v2")
    step(rotation, "createSecret")
    step(rotation, "setSecret")
    assert not signed_in(proxy)
    kept = vault.value(CURRENT) or {}
    set_password(migrated, kept["username"], kept["password"])
    assert signed_in(proxy)


def test_a_role_that_is_not_there_is_told(rotating: tuple[FakeVault, Rotation, Proxy]) -> None:
    _, rotation, _ = rotating
    with pytest.raises(WorkError, match="no role 'nobody'"):
        rotation.kind.prove({"username": "nobody", "password": "x"})


def test_another_role_than_the_one_in_force_is_refused(rotating: tuple[FakeVault, Rotation, Proxy]) -> None:
    _, rotation, _ = rotating
    with pytest.raises(WorkError, match="allowed: the same role"):
        rotation.kind.install({"username": "other", "password": "x"}, {"username": "application", "password": "y"})


@pytest.mark.parametrize("value", [{}, {"username": "a"}, {"username": "a", "password": ""}, {"token": "x"}])
def test_a_secret_of_another_form_is_refused_without_its_value(
    value: dict[str, str], rotating: tuple[FakeVault, Rotation, Proxy]
) -> None:
    _, rotation, _ = rotating
    with pytest.raises(WorkError, match="the secret has another form"):
        rotation.kind.prove(value)
