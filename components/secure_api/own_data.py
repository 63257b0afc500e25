"""What the functions of users, records and figures are told, and what they may do."""

from __future__ import annotations

from typing import Any

from pulumi import Input, Output

from components.ml_endpoint.rights import bucket_arn, local_arn
from components.secure_api import closures
from components.secure_api.args import SecureApiArgs
from components.secure_api.identity import REFRESH_DAYS, Identity
from components.training_workflow.rights import allow
from components.values import Statement, formatted
from functions.dashboard.settings import Settings as DashboardSettings
from functions.records.settings import Settings as RecordsSettings
from functions.shared.places import FOLDERS
from functions.shared.settings import variables
from functions.users.settings import Settings as UsersSettings


def environments(args: SecureApiArgs, cache: dict[str, Any], told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Variables of each function; `told` is what all functions are told."""
    relational, insights = database(args), args["insights"]
    tokens = {"daily_tokens": str(insights["daily_tokens"])} if "daily_tokens" in insights else {}
    return {
        "dashboard": variables(
            DashboardSettings,
            models_table=args["models_table"],
            model_package_group=args["model_package_group"],
            predictions_table=args["predictions_table"],
            counters_table=insights["counters_table"],
            **tokens,
            **cache,
            **told,
        ),
        "records": variables(RecordsSettings, **relational, **told),
        "users": variables(
            UsersSettings,
            users_table=args["users_table"],
            folders_bucket=args["folders_bucket"],
            session_days=str(REFRESH_DAYS),
            **cache,
            **relational,
            **told,
        ),
    }


def rights(args: SecureApiArgs, identity: Identity, password: list[Statement]) -> dict[str, list[Statement]]:
    """What each may do beside checking tokens; `password` is the right to the cache's."""
    tables = {
        noun: _table(args, name)
        for noun, name in {
            "models": args["models_table"],
            "predictions": args["predictions_table"],
            "counters": args["insights"]["counters_table"],
            "sessions": args["sessions_table"],
            "users": args["users_table"],
        }.items()
    }
    connect = [args["database"]["statement"]] if "database" in args else []
    return {
        "dashboard": [
            allow("DescribeModels", ["dynamodb:GetItem"], [tables["models"]]),
            allow("CountModels", ["dynamodb:Query"], [_index(tables["models"], "GroupIndex")]),
            allow("CountPredictions", ["dynamodb:Query"], [_index(tables["predictions"], "UserIndex")]),
            allow("SeeUse", ["dynamodb:GetItem"], [tables["counters"]]),
            *password,
        ],
        "records": connect,
        "users": [
            allow(
                "KeepUsers",
                ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
                [tables["users"]],
            ),
            allow("ListUsers", ["dynamodb:Query"], [_index(tables["users"], "CreatedAtIndex")]),
            allow("EndSessions", ["dynamodb:UpdateItem"], [tables["sessions"]]),
            allow("FindSessions", ["dynamodb:Query"], [_index(tables["sessions"], "UserIdIndex")]),
            allow("CloseAccounts", ["cognito-idp:AdminDeleteUser"], [identity.user_pool_arn]),
            *_folders(args),
            *closures.rights(args.get("closures")),
            *connect,
            *password,
        ],
    }


def _folders(args: SecureApiArgs) -> list[Statement]:
    """The right to empty a user's folder: nothing is read, so the bucket's key is not needed."""
    key, bucket = args["keys"]["data"], args["folders_bucket"]
    return [
        {
            **allow("FindFolders", ["s3:ListBucket"], [bucket_arn(key, bucket)]),
            "Condition": {"StringLike": {"s3:prefix": [f"{FOLDERS}*"]}},
        },
        allow("EmptyFolders", ["s3:DeleteObject"], [bucket_arn(key, bucket, f"/{FOLDERS}*")]),
    ]


def database(args: SecureApiArgs) -> dict[str, Any]:
    """Where the database is, for a stack that has one."""
    if "database" not in args:
        return {}
    door = args["database"]
    return {
        "database_host": door["host"],
        "database_port": Output.from_input(door["port"]).apply(lambda port: str(int(port))),
        "database_name": door["name"],
        "database_user": door["user"],
    }


def _table(args: SecureApiArgs, table: Input[str]) -> Output[str]:
    return local_arn(args["keys"]["data"], "dynamodb", Output.from_input(table).apply(lambda name: f"table/{name}"))


def _index(table: Output[str], index: str) -> Output[str]:
    return formatted("{0}/index/{1}", table, index)
