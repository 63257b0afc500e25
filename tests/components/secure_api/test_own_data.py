"""The functions of users, records and figures: what they are told, and what they may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.secure_api import SecureApi
from components.values import Statement
from tests.components.recorder import ACCOUNT, REGION, Recording, record
from tests.components.secure_api.test_component import args, rights

CONNECT: Statement = {
    "Sid": "ConnectAsApplication",
    "Effect": "Allow",
    "Action": ["rds-db:connect"],
    "Resource": [f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:prx-1/application"],
}
DATABASE = {
    "host": "proxy.example",
    "port": 5432,
    "name": "platform",
    "user": "application",
    "statement": CONNECT,
    "layer": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:database-packages:1",
}
PACKAGES = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:packages:1"


def run(**more: Any) -> Recording:
    return record(lambda: SecureApi("api", args(layers=[PACKAGES], **more)).api_url)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run(database=DATABASE, subnet_ids=["subnet-1"], security_group_ids=["sg-1"])


def function(recording: Recording, capability: str) -> dict[str, Any]:
    return dict(recording.one("aws:lambda/function:Function", f"api-{capability}-function").inputs)


def granted(recording: Recording, capability: str) -> dict[str, list[str]]:
    """Action → resources, of the function's own rights."""
    policy = recording.one("aws:iam/rolePolicy:RolePolicy", f"api-{capability}-rights").inputs["policy"]
    found: dict[str, list[str]] = {}
    for statement in json.loads(policy)["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, []).extend(statement["Resource"])
    return found


def table(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-{name}"


def test_what_speaks_to_the_database_has_its_driver_and_its_address(recording: Recording) -> None:
    for capability in ("records", "users"):
        made = function(recording, capability)
        assert made["layers"] == [PACKAGES, DATABASE["layer"]]
        variables = made["environment"]["variables"]
        assert {name: value for name, value in variables.items() if name.startswith("DATABASE_")} == {
            "DATABASE_HOST": "proxy.example",
            "DATABASE_PORT": "5432",
            "DATABASE_NAME": "platform",
            "DATABASE_USER": "application",
        }
        assert granted(recording, capability)["rds-db:connect"] == CONNECT["Resource"]
    assert function(recording, "dashboard")["layers"] == [PACKAGES]
    assert "rds-db:connect" not in granted(recording, "dashboard")


def test_a_stack_without_a_database_tells_its_functions_of_none() -> None:
    recording = run()
    for capability in ("records", "users"):
        assert function(recording, capability)["layers"] == [PACKAGES]
        assert "DATABASE_HOST" not in function(recording, capability)["environment"]["variables"]
        assert "rds-db:connect" not in granted(recording, capability)


def test_records_of_users_stay_while_their_accounts_and_folders_may_go(recording: Recording) -> None:
    found = granted(recording, "users")
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/"
    accounts = {action: rows for action, rows in found.items() if action.startswith("cognito-idp:")}
    assert set(accounts) == {"cognito-idp:AdminDeleteUser"}
    folders = "arn:aws:s3:::mlplatform-dev-processed"
    assert (found["s3:ListBucket"], found["s3:DeleteObject"]) == ([folders], [f"{folders}/users/*"])
    (listing,) = [row for row in rights(recording, "api-users-rights").values() if row["Action"] == ["s3:ListBucket"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["users/*"]}}
    assert all(len(rows) == 1 and rows[0].startswith(pool) for rows in accounts.values())
    assert found["dynamodb:Query"] == [
        f"{table('users')}/index/CreatedAtIndex",
        f"{table('sessions')}/index/UserIdIndex",
    ]
    assert set(found["dynamodb:UpdateItem"]) == {table("users"), table("sessions"), table("requests")}
    assert "dynamodb:DeleteItem" not in found


def test_figures_are_read_and_nothing_is_written(recording: Recording) -> None:
    found = granted(recording, "dashboard")
    tables = {action for action in found if action.startswith("dynamodb:")}
    assert tables == {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
    assert found["dynamodb:Query"] == [
        f"{table('models')}/index/GroupIndex",
        f"{table('predictions')}/index/UserIndex",
    ]
    assert found["dynamodb:BatchGetItem"] == [table("sessions")]
    assert set(found["dynamodb:GetItem"]) == {table(name) for name in ("sessions", "models", "counters")}


def test_figures_tell_the_limit_that_holds() -> None:
    def program() -> None:
        given = args(layers=[PACKAGES])
        given["insights"]["daily_tokens"] = 5000
        SecureApi("api", given)

    limited = record(program)
    assert function(limited, "dashboard")["environment"]["variables"]["DAILY_TOKENS"] == "5000"
    assert "DAILY_TOKENS" not in function(run(), "dashboard")["environment"]["variables"]
