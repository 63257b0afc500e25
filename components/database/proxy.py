"""DatabaseProxy: RDS Proxy in front of a cluster, for callers with tokens of IAM over TLS only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, iam, rds
from components.database import plan
from components.database.waiting import once
from components.values import Statement, policy_json, trust_json


class DatabaseProxyArgs(TypedDict):
    """What the proxy needs; the rest has secure defaults."""

    proxy_name: str
    """Physical name, such as `mlplatform-dev-database`."""
    cluster_identifier: Input[str]
    """The cluster."""
    secret_arns: Mapping[str, Input[str]]
    """Database user → secret with `username` and `password`; nobody else can sign in."""
    secret_key_arn: Input[str]
    """KMS key of the secrets."""
    log_key_arn: Input[str]
    """KMS key of its log."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets in two zones or more."""
    security_group_ids: Input[Sequence[Input[str]]]
    """Its security groups."""
    readers: NotRequired[bool]
    """Whether there are readers, and so a read-only address; false by default."""
    retention_days: NotRequired[int]
    """How long its log is kept; 30 by default."""


class DatabaseProxy(pulumi.ComponentResource):
    """Shares few connections among many functions and hides a failover from them.

    Callers prove who they are by IAM; the proxy signs in with the passwords, which never leave it.
    """

    proxy: rds.Proxy
    """The proxy."""
    proxy_name: str
    """Physical name."""
    endpoint: Output[str]
    """Host for reading and writing; known once the proxy has its target."""
    read_endpoint: Output[str] | None
    """Host for reading, where there are readers."""

    def __init__(self, name: str, args: DatabaseProxyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:DatabaseProxy", name, {}, opts)
        child = ResourceOptions(parent=self)
        self.proxy_name = args["proxy_name"]
        # Made before the proxy: RDS would make its own, without an end and without our key.
        log = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/rds/proxy/{self.proxy_name}",
            kms_key_id=args["log_key_arn"],
            retention_in_days=args.get("retention_days", 30),
            opts=child,
        )
        role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("rds.amazonaws.com"),
            description=f"Lets the proxy {self.proxy_name} read the passwords it signs in with",
            opts=child,
        )
        rights = iam.RolePolicy(
            f"{name}-rights",
            role=role.id,
            policy=policy_json(
                [
                    statement
                    for user, arn in sorted(args["secret_arns"].items())
                    for statement in plan.may_read(user.capitalize(), arn, args["secret_key_arn"])
                ]
            ),
            opts=child,
        )
        self.proxy = rds.Proxy(
            f"{name}-proxy",
            name=self.proxy_name,
            engine_family="POSTGRESQL",
            role_arn=role.arn,
            auths=[
                {
                    "auth_scheme": "SECRETS",
                    "client_password_auth_type": "POSTGRES_SCRAM_SHA_256",
                    "description": f"Role {user}",
                    "iam_auth": "REQUIRED",
                    "secret_arn": arn,
                }
                for user, arn in sorted(args["secret_arns"].items())
            ],
            require_tls=True,
            idle_client_timeout=1800,
            # It would log the texts of statements.
            debug_logging=False,
            vpc_subnet_ids=args["subnet_ids"],
            vpc_security_group_ids=args["security_group_ids"],
            opts=ResourceOptions(parent=self, depends_on=[log, rights]),
        )
        pool = rds.ProxyDefaultTargetGroup(
            f"{name}-pool",
            db_proxy_name=self.proxy.name,
            connection_pool_config={
                "max_connections_percent": 90,
                "max_idle_connections_percent": 50,
                # Longer than this, a caller is better told to come back.
                "connection_borrow_timeout": 5,
            },
            opts=child,
        )
        target = rds.ProxyTarget(
            f"{name}-target",
            db_proxy_name=self.proxy.name,
            target_group_name=pool.name,
            db_cluster_identifier=args["cluster_identifier"],
            opts=child,
        )
        self.endpoint = once(self.proxy.endpoint, target)
        self.read_endpoint = None
        if args.get("readers", False):
            reading = rds.ProxyEndpoint(
                f"{name}-reading",
                db_proxy_name=self.proxy.name,
                db_proxy_endpoint_name=f"{self.proxy_name}-reading",
                target_role="READ_ONLY",
                vpc_subnet_ids=args["subnet_ids"],
                vpc_security_group_ids=args["security_group_ids"],
                opts=child,
            )
            self.read_endpoint = once(reading.endpoint, target)
        self.register_outputs({"endpoint": self.endpoint})

    def may_connect(self, user: str) -> Statement:
        """The right to sign in as a database user."""
        return {
            "Sid": f"ConnectAs{user.capitalize()}",
            "Effect": "Allow",
            "Action": ["rds-db:connect"],
            "Resource": [self.proxy.arn.apply(lambda arn: plan.user_arn(arn, user))],
        }
