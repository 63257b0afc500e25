"""The functions behind the API: each with its archive, its environment and the rights it uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi import Input, Output, ResourceOptions

from components.function import Function, function_args
from components.ml_endpoint.rights import local_arn
from components.secure_api import own_data, scraping
from components.secure_api.args import STAGE, SecureApiArgs
from components.secure_api.identity import REFRESH_DAYS, Identity
from components.training_workflow.rights import allow
from components.values import Statement, formatted
from functions.accounts.settings import Settings as AccountsSettings
from functions.batches.settings import Settings as BatchesSettings
from functions.insights.settings import Settings as InsightsSettings
from functions.predictions.settings import Settings as PredictionsSettings
from functions.registry.settings import Settings as RegistrySettings
from functions.routes import ROUTES
from functions.shared.settings import variables
from functions.system.settings import Settings as SystemSettings
from functions.trainings.settings import Settings as TrainingsSettings

_TIMEOUT_S: Final = 30
"""API Gateway waits for 29 s; what goes on after that is ended as soon as the platform's rules allow."""
_INSIDE: Final = ("accounts", "dashboard", "predictions", "records", "system", "users")
"""Functions that talk to the cache or the database, which are in the network."""
_CACHED: Final = ("dashboard", "predictions")
"""Functions that count their callers in the cache; all others that check tokens do it in the table of requests."""
_RELATIONAL: Final = ("records", "system", "users")
"""Functions that speak to the database."""


def capabilities(name: str, args: SecureApiArgs, identity: Identity, opts: ResourceOptions) -> dict[str, Function]:
    """One function a capability of the route table."""
    statements = rights(args, identity)
    found = {}
    for capability, environment in environments(args, identity).items():
        predicts = capability == "predictions"
        given = function_args(args, capability, environment, statements.get(capability, []), _TIMEOUT_S)
        if predicts:
            given["memory_mb"] = args.get("predictions_memory_mb", 1024)
        if capability in _RELATIONAL and "database" in args:
            given["layers"] = [*args.get("layers", []), args["database"]["layer"]]
        if capability in _INSIDE and "subnet_ids" in args:
            given["subnet_ids"] = args["subnet_ids"]
            given["security_group_ids"] = args["security_group_ids"]
        if predicts and "predictions_concurrency" in args:
            given["reserved_concurrency"] = args["predictions_concurrency"]
        found[capability] = Function(f"{name}-{capability}", given, opts)
    return found


def environments(args: SecureApiArgs, identity: Identity) -> dict[str, dict[str, Input[str]]]:
    """Variables of each function, from the settings that the function itself reads."""
    signed_in, origin = tokens(args, identity), door(args)
    cache: dict[str, Any] = {
        "cache_host": args["cache"]["host"],
        "cache_port": Output.from_input(args["cache"]["port"]).apply(lambda port: str(int(port))),
        "cache_secret_arn": args["cache"]["secret_arn"],
    }
    made = {
        "accounts": variables(
            AccountsSettings,
            users_table=args["users_table"],
            session_days=str(REFRESH_DAYS),
            **cache,
            **signed_in,
            **origin,
        ),
        "predictions": variables(
            PredictionsSettings,
            endpoint_name=args["endpoint_name"],
            models_table=args["models_table"],
            predictions_table=args["predictions_table"],
            **cache,
            **signed_in,
            **origin,
        ),
        "trainings": variables(TrainingsSettings, state_machine_arn=args["state_machine_arn"], **signed_in, **origin),
        "registry": variables(
            RegistrySettings,
            models_table=args["models_table"],
            model_package_group=args["model_package_group"],
            **signed_in,
            **origin,
        ),
        "batches": variables(BatchesSettings, **{**signed_in, **origin, **told_of(args["batches"])}),
        "insights": variables(InsightsSettings, **told_of(args["insights"]), **signed_in, **origin),
        **own_data.environments(args, cache, {**signed_in, **origin}),
        "system": variables(
            SystemSettings,
            environment=args["environment"],
            endpoint_name=args["endpoint_name"],
            **cache,
            **own_data.database(args),
            **origin,
        ),
    }
    return made | {"metrics": scraping.environment(args, [*made, "metrics"], STAGE, {**signed_in, **origin})}


def told_of(part: Mapping[str, Any]) -> dict[str, Any]:
    """What a function is told of the part that it stands in front of; numbers as text."""
    given = {name: value for name, value in part.items() if name != "statements"}
    return {name: f"{value:g}" if isinstance(value, (float, int)) else value for name, value in given.items()}


def door(args: SecureApiArgs) -> dict[str, Any]:
    """What every function is told of the door in front of it."""
    origins = ",".join(args.get("cors_origins", []))
    told = {"largest_body_kb": str(args.get("largest_body_kb", 1024))}
    return told | ({"cors_origins": origins} if origins else {})


def tokens(args: SecureApiArgs, identity: Identity) -> dict[str, Any]:
    """What every function that checks tokens is told of whose tokens count."""
    told: dict[str, Any] = {
        "user_pool_id": identity.user_pool_id,
        "client_id": identity.client_id,
        "jwks": identity.keys,
        "sessions_table": args["sessions_table"],
        "requests_table": args["requests_table"],
        "requests_per_user": str(args.get("requests_per_user", 1000)),
        "burst_per_user": str(args.get("burst_per_user", 2000)),
    }
    if identity.programs:
        clients = Output.all(*(client.id for client in identity.programs.values()))
        told["program_client_ids"] = clients.apply(",".join)
    if args.get("other_pools"):
        rows = [formatted("{0}={1}", row["user_pool_id"], row["client_id"]) for row in args["other_pools"]]
        told["other_pools"] = Output.all(*rows).apply(";".join)
    return told


def rights(args: SecureApiArgs, identity: Identity) -> dict[str, list[Statement]]:
    """What each function may do beside its log; system checks nobody's token.

    Cognito's sign-up, sign-in and revocation are open to whoever has the app client's id or a token: IAM has no part.
    """
    checks = [
        allow(
            "SeeEndedSessions", ["dynamodb:BatchGetItem", "dynamodb:GetItem"], [_table(args, args["sessions_table"])]
        ),
        allow("ReadEncrypted", ["kms:Decrypt"], [args["keys"]["data"]]),
    ]
    requests = [_table(args, args["requests_table"])]
    keeps = [allow("KeepAnswers", ["dynamodb:PutItem", "dynamodb:UpdateItem"], requests)]
    counts = [allow("CountCallers", ["dynamodb:UpdateItem"], requests)]
    once = {route.capability for route in ROUTES if route.once}
    own_rights = _own_rights(args, identity)
    return {"system": own_rights.pop("system")} | {
        capability: [*checks, *own, *(keeps if capability in once else [] if capability in _CACHED else counts)]
        for capability, own in own_rights.items()
    }


def _own_rights(args: SecureApiArgs, identity: Identity) -> dict[str, list[Statement]]:
    data = args["keys"]["data"]
    models = _table(args, args["models_table"])
    endpoint = local_arn(data, "sagemaker", f"endpoint/{args['endpoint_name']}")
    sessions, users = _table(args, args["sessions_table"]), _table(args, args["users_table"])
    password = [
        allow("ReadCachePassword", ["secretsmanager:GetSecretValue"], [args["cache"]["secret_arn"]]),
        allow("OpenCachePassword", ["kms:Decrypt"], [args["keys"]["secrets"]]),
    ]
    packages = local_arn(data, "sagemaker", f"model-package/{args['model_package_group']}/*")
    return {
        **own_data.rights(args, identity, password),
        "accounts": [
            allow("KeepSessions", ["dynamodb:UpdateItem"], [sessions, users]),
            allow("FindSessions", ["dynamodb:Query"], [formatted("{0}/index/UserIdIndex", sessions)]),
            *password,
        ],
        "predictions": [
            allow("AskEndpoint", ["sagemaker:InvokeEndpoint"], [endpoint]),
            allow("KeepPredictions", ["dynamodb:PutItem"], [_table(args, args["predictions_table"])]),
            allow("DescribeLiveModel", ["dynamodb:GetItem"], [models]),
            *password,
        ],
        "system": [
            allow("AskEndpoint", ["sagemaker:InvokeEndpoint"], [endpoint]),
            *([args["database"]["statement"]] if "database" in args else []),
            *password,
        ],
        "metrics": scraping.rights(args),
        "trainings": [allow("StartTraining", ["states:StartExecution"], [args["state_machine_arn"]])],
        "batches": [*args["batches"]["statements"]],
        "insights": [
            *args["insights"]["statements"],
            allow("CountTokens", ["dynamodb:UpdateItem"], [_table(args, args["insights"]["counters_table"])]),
        ],
        "registry": [
            allow("ReadModels", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [models]),
            allow("ListModels", ["dynamodb:Query"], [formatted("{0}/index/GroupIndex", models)]),
            allow("DecideOnModels", ["sagemaker:UpdateModelPackage"], [packages]),
        ],
    }


def _table(args: SecureApiArgs, table: Input[str]) -> Output[str]:
    return local_arn(args["keys"]["data"], "dynamodb", Output.from_input(table).apply(lambda name: f"table/{name}"))
