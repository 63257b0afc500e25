"""What the migrations function does when it is invoked, as far as it needs no database."""

from __future__ import annotations

from typing import Any

import pytest

from functions.migrations.handler import build
from functions.migrations.store import credentials
from functions.shared.settings import SettingsError
from functions.shared.tasks import WorkError

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "A",
    "AWS_SECRET_ACCESS_KEY": "B",
    "AWS_REGION": "eu-west-1",
    "AWS_LAMBDA_FUNCTION_NAME": "migrations",
    "DATABASE_HOST": "127.0.0.1",
    "DATABASE_PORT": "1",
    "DATABASE_NAME": "platform",
    "DATABASE_USER": "administrator",
    "APPLICATION_SECRET": "arn:secret",
}


def test_a_stack_that_goes_leaves_the_data_to_the_cluster() -> None:
    run, _ = build(ENVIRONMENT)
    assert run({"digest": "a", "tf": {"action": "delete"}}) == {"outcome": "kept", "applied": [], "version": None}


def test_a_database_that_never_answers_fails_the_deployment_with_what_to_look_at() -> None:
    run, _ = build({**ENVIRONMENT, "WAIT_S": "0"})
    with pytest.raises(WorkError, match="look at the proxy's targets"):
        run({"digest": "a", "tf": {"action": "create"}})


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        build({})
    for name in ("DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER", "APPLICATION_SECRET"):
        assert f"{name}: missing" in str(refused.value)


class Vault:
    """Secrets Manager with one answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def call(self, operation: str, payload: Any) -> dict[str, Any]:
        assert (operation, dict(payload)) == ("GetSecretValue", {"SecretId": "arn:secret"})
        return self._answer


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"username": "application"}'])
def test_a_secret_of_another_form_is_named_without_its_value(text: str) -> None:
    with pytest.raises(WorkError, match="secret arn:secret: its form is wrong"):
        credentials("arn:secret", Vault({"SecretString": text}))


def test_a_secret_gives_role_and_password() -> None:
    vault = Vault({"SecretString": '{"username": "application", "password": "p"}'})
    assert credentials("arn:secret", vault) == ("application", "p")
