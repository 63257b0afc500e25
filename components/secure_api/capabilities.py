"""The functions behind the API: each with its archive, its environment and the rights it uses."""

from __future__ import annotations

from typing import Any, Final

from pulumi import Input, Output, ResourceOptions

from components.function import Function, FunctionArgs
from components.ml_endpoint.rights import local_arn
from components.secure_api.args import SecureApiArgs
from components.secure_api.identity import Identity
from components.training_workflow.rights import allow
from components.values import Statement
from functions.accounts.settings import Settings as AccountsSettings
from functions.predictions.settings import Settings as PredictionsSettings
from functions.registry.settings import Settings as RegistrySettings
from functions.shared.settings import variables
from functions.system.settings import Settings as SystemSettings
from functions.trainings.settings import Settings as TrainingsSettings

_TIMEOUT_S: Final = 29
"""No longer than API Gateway waits."""


def capabilities(name: str, args: SecureApiArgs, identity: Identity, opts: ResourceOptions) -> dict[str, Function]:
    """One function a capability of the route table."""
    statements = rights(args)
    found = {}
    for capability, environment in environments(args, identity).items():
        predicts = capability == "predictions"
        given: FunctionArgs = {
            "function_name": f"{args['name_prefix']}-{capability}",
            "capability": capability,
            "code": f"{args.get('functions_directory', 'dist/functions')}/{capability}.zip",
            "key_arn": args["keys"]["logs"],
            "layers": args.get("layers", []),
            "environment": environment,
            "statements": statements.get(capability, []),
            "timeout_s": _TIMEOUT_S,
            "memory_mb": args.get("predictions_memory_mb", 1024) if predicts else args.get("memory_mb", 512),
            "retention_days": args.get("log_days", 30),
        }
        if predicts:
            if "subnet_ids" in args:
                given["subnet_ids"] = args["subnet_ids"]
                given["security_group_ids"] = args["security_group_ids"]
            if "predictions_concurrency" in args:
                given["reserved_concurrency"] = args["predictions_concurrency"]
        found[capability] = Function(f"{name}-{capability}", given, opts)
    return found


def environments(args: SecureApiArgs, identity: Identity) -> dict[str, dict[str, Input[str]]]:
    """Variables of each function, from the settings that the function itself reads."""
    signed_in: dict[str, Any] = {"user_pool_id": identity.user_pool_id, "client_id": identity.client_id}
    origin: dict[str, Any] = {"cors_origin": args.get("cors_origin", "*")}
    cache = args["cache"]
    return {
        "accounts": variables(AccountsSettings, **signed_in, **origin),
        "predictions": variables(
            PredictionsSettings,
            endpoint_name=args["endpoint_name"],
            models_table=args["models_table"],
            predictions_table=args["predictions_table"],
            cache_host=cache["host"],
            cache_port=Output.from_input(cache["port"]).apply(lambda port: str(int(port))),
            cache_secret_arn=cache["secret_arn"],
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
        "system": variables(SystemSettings, environment=args["environment"], **origin),
    }


def rights(args: SecureApiArgs) -> dict[str, list[Statement]]:
    """What each function may do beside its log; accounts and system need nothing.

    Cognito's sign-up, sign-in and revocation are open to whoever has the app client's id or a token: IAM has no part.
    """
    data = args["keys"]["data"]
    models = _table(args, args["models_table"])
    endpoint = local_arn(data, "sagemaker", f"endpoint/{args['endpoint_name']}")
    packages = local_arn(data, "sagemaker", f"model-package/{args['model_package_group']}/*")
    return {
        "predictions": [
            allow("AskEndpoint", ["sagemaker:InvokeEndpoint"], [endpoint]),
            allow("KeepPredictions", ["dynamodb:PutItem"], [_table(args, args["predictions_table"])]),
            allow("DescribeLiveModel", ["dynamodb:GetItem"], [models]),
            allow("ReadCachePassword", ["secretsmanager:GetSecretValue"], [args["cache"]["secret_arn"]]),
            allow("ReadEncrypted", ["kms:Decrypt"], [data, args["keys"]["secrets"]]),
        ],
        "trainings": [allow("StartTraining", ["states:StartExecution"], [args["state_machine_arn"]])],
        "registry": [
            allow("ReadModels", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [models]),
            allow("ListModels", ["dynamodb:Query"], [Output.format("{0}/index/GroupIndex", models)]),
            allow("DecideOnModels", ["sagemaker:UpdateModelPackage"], [packages]),
            allow("ReadEncrypted", ["kms:Decrypt"], [data]),
        ],
    }


def _table(args: SecureApiArgs, table: Input[str]) -> Output[str]:
    return local_arn(args["keys"]["data"], "dynamodb", Output.from_input(table).apply(lambda name: f"table/{name}"))
