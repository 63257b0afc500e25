"""Migrations: the function that brings the schema up to date, and its run at each deployment that changes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import lambda_
from components.function import Function
from components.values import Statement
from functions.migrations.settings import Settings
from functions.shared.settings import variables

TIMEOUT_S: Final = 900
"""The longest that Lambda has: an index on a large table takes minutes, and so does the first sign-in."""


class MigrationsArgs(TypedDict):
    """What migrations need; the rest has secure defaults."""

    function_name: str
    """Physical name of the function."""
    code: str
    """Path of its archive."""
    digest: str
    """SHA-256 of the archive: another one is run again."""
    key_arn: Input[str]
    """KMS key of its log and environment."""
    host: Input[str]
    """Address of the database."""
    port: Input[int]
    """Its port."""
    database_name: str
    """Name of the database."""
    user: str
    """Role that owns the schema."""
    application_secret: Input[str]
    """ARN of the secret of the functions' role."""
    statements: Sequence[Statement]
    """Rights to sign in and to read that secret."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets."""
    security_group_ids: Input[Sequence[Input[str]]]
    """Its security groups."""
    waiting: NotRequired[bool]
    """Whether the functions' role may only read, since the rows come from another region's copy; false by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """ARNs of layer versions."""
    memory_mb: NotRequired[int]
    """Its memory; 512 by default."""
    retention_days: NotRequired[int]
    """How long its log is kept; 30 by default."""


class Migrations(pulumi.ComponentResource):
    """A deployment whose migrations fail, fails with what PostgreSQL said; nothing of the failed one is kept."""

    function: Function
    """Applies what is missing."""
    run: lambda_.Invocation
    """Its last run."""

    def __init__(self, name: str, args: MigrationsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Migrations", name, {}, opts)
        self.function = Function(
            f"{name}-function",
            {
                "function_name": args["function_name"],
                "capability": "migrations",
                "code": args["code"],
                "key_arn": args["key_arn"],
                "layers": args.get("layers", []),
                "environment": variables(
                    Settings,
                    database_host=args["host"],
                    database_port=Output.from_input(args["port"]).apply(str),
                    database_name=args["database_name"],
                    database_user=args["user"],
                    application_secret=args["application_secret"],
                ),
                "statements": args["statements"],
                "timeout_s": TIMEOUT_S,
                "memory_mb": args.get("memory_mb", 512),
                "subnet_ids": args["subnet_ids"],
                "security_group_ids": args["security_group_ids"],
                "retention_days": args.get("retention_days", 30),
            },
            ResourceOptions(parent=self),
        )
        self.run = lambda_.Invocation(
            f"{name}-run",
            function_name=self.function.function_name,
            qualifier=self.function.alias.name,
            input=json.dumps({"digest": args["digest"], **({"waiting": True} if args.get("waiting", False) else {})}),
            lifecycle_scope="CRUD",
            # The alias has to be on the new version first.
            opts=ResourceOptions(parent=self, depends_on=[self.function.alias]),
        )
        self.register_outputs({"result": self.run.result})
