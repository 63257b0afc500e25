"""The deployed database: its schema is there, a second run changes nothing, its password rotates under callers."""

from __future__ import annotations

import json
import ssl
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from functions.shared.aws.signature import Credentials
from functions.shared.database.connection import Address, Limits, PostgreSql, sign_in
from functions.shared.database.token import connect_token
from sandbox.callers import KEY
from tests.journeys.support.deployed import Deployed, eventually

pytestmark = pytest.mark.journey


def functions_session(main: Deployed, user: str) -> PostgreSql:
    """What a function of the stack has: a token of IAM and the authority that functions trust."""
    variables = main.client("lambda").get_function_configuration(FunctionName="mlplatform-dev-migrations")
    where = variables["Environment"]["Variables"]
    address = Address(where["DATABASE_HOST"], int(where["DATABASE_PORT"]), where["DATABASE_NAME"], user)
    context = ssl.create_default_context(cafile=str(Path(main.place.home) / "cache" / "ca.pem"))

    def dial() -> Any:
        now = datetime.now(timezone.utc)
        key = Credentials(KEY, KEY, None)
        token = connect_token(address.host, address.port, user, region="us-east-1", credentials=key, at=now)
        return sign_in(address, token, context, Limits())

    return PostgreSql(dial)


def test_the_schema_is_there_and_a_second_run_changes_nothing(main: Deployed) -> None:
    answer = main.client("lambda").invoke(FunctionName="mlplatform-dev-migrations", Qualifier="live", Payload=b"{}")
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read())["outcome"] == "unchanged"
    session = functions_session(main, "application")
    assert session.run("SELECT id FROM platform.records WHERE false") == []
    session.close()


def test_the_password_changes_and_callers_go_on(main: Deployed) -> None:
    secrets = main.client("secretsmanager")
    (arn,) = [row["ARN"] for row in secrets.list_secrets()["SecretList"] if "database-application" in row["Name"]]
    before = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    open_before = functions_session(main, "application")
    open_before.run("SELECT 1")
    version = secrets.rotate_secret(SecretId=arn)["VersionId"]

    def in_force() -> bool:
        return "AWSCURRENT" in secrets.describe_secret(SecretId=arn)["VersionIdsToStages"].get(version, [])

    eventually(in_force, 60, "the new password is in force")
    after = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    assert after["username"] == before["username"]
    assert after["password"] != before["password"]
    # An open connection goes on, and a new one is made with the new password.
    assert open_before.run("SELECT 1 AS one") == [{"one": 1}]
    fresh = functions_session(main, "application")
    assert fresh.run("SELECT current_user AS me") == [{"me": "application"}]
    for session in (open_before, fresh):
        session.close()
