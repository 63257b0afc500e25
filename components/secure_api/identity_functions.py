"""The functions of identity: one that the user pool asks, and one that reads its keys at each deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cognito, iam, lambda_
from components.function import ALIAS, Function, function_args, may_call
from components.ml_endpoint.rights import local_arn
from components.training_workflow.rights import allow
from components.values import policy_json
from functions.shared.settings import variables
from functions.signup.settings import Settings

TRIGGER_TIMEOUT_S: Final = 5
"""Cognito waits no longer for an answer."""
_KEYRING_TIMEOUT_S: Final = 60


class Functions(TypedDict):
    """How the functions of identity are made."""

    name_prefix: str
    """Beginning of their names."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Their layers."""
    keys: Mapping[str, Input[str]]
    """KMS keys: `logs` of their logs and environments, `data` of the table of users."""
    users_table: Input[str]
    """Name of the table of users."""
    memory_mb: NotRequired[int]
    """Their memory; 512 by default."""
    log_days: NotRequired[int]
    """How long their logs are kept; 30 by default."""


def sign_up(
    name: str, given: Functions, domains: Sequence[str], *, auto_confirm: bool, opts: ResourceOptions
) -> Function:
    """The function that decides about sign-ups and records confirmed users."""
    table = Output.from_input(given["users_table"]).apply(lambda known: f"table/{known}")
    told: dict[str, Any] = {"users_table": given["users_table"], "auto_confirm": "true" if auto_confirm else "false"}
    if domains:
        told["email_domains"] = ",".join(domains)
    statements = [
        allow("RecordUsers", ["dynamodb:PutItem"], [local_arn(given["keys"]["data"], "dynamodb", table)]),
        allow("ReadEncrypted", ["kms:Decrypt"], [given["keys"]["data"]]),
    ]
    made = function_args(given, "signup", variables(Settings, **told), statements, TRIGGER_TIMEOUT_S)
    return Function(f"{name}-signup", made, opts)


def connect(name: str, function: Function, pool: cognito.UserPool, opts: ResourceOptions) -> None:
    """Lets the pool call the function, and the function put users into the pool's groups.

    Both name the pool, and the pool names the function: so they stand after both.
    """
    may_call(f"{name}-may-ask", function, "cognito-idp.amazonaws.com", pool.arn, opts)
    iam.RolePolicy(
        f"{name}-signup-groups",
        role=function.role.id,
        policy=policy_json([allow("JoinGroups", ["cognito-idp:AdminAddUserToGroup"], [pool.arn])]),
        opts=opts,
    )


def keyring(name: str, given: Functions, opts: ResourceOptions) -> Function:
    """The function that reads the public keys of pools."""
    return Function(f"{name}-keyring", function_args(given, "keyring", {}, [], _KEYRING_TIMEOUT_S), opts)


def keys(name: str, function: Function, pool_ids: Sequence[Input[str]], opts: ResourceOptions) -> Output[str]:
    """The public keys of pools, read by a function when they are deployed: `{pool id: JWKS document}` as text.

    The function is called again only when a pool is another one, so an unchanged stack shows no difference.
    """
    called = lambda_.Invocation(
        f"{name}-keys",
        function_name=function.function_name,
        qualifier=ALIAS,
        input=Output.all(*pool_ids).apply(lambda known: json.dumps({"userPools": known}, separators=(",", ":"))),
        opts=pulumi.ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.alias, function.rights])),
    )
    return called.result
