"""Names, limits and documents of the database, as plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi import Input, Output

from components.aws import rds
from components.values import RETENTION_DAYS, Statement, formatted, policy_json

PORT: Final = 5432
NAME: Final = "platform"
"""Name of the database in the cluster."""
ADMINISTRATOR: Final = "administrator"
"""Role that owns the schema; only migrations and rotations use it."""
APPLICATION: Final = "application"
"""Role of the functions; made by functions/migrations/sql."""
ENGINE: Final = "aurora-postgresql"
MONITORING_S: Final = 60

_PREFIX: Final = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){0,44}[a-z0-9]")
_VERSION: Final = re.compile(r"(16|17)\.\d{1,2}")

PARAMETERS: Final[Sequence[rds.ClusterParameterGroupParameterArgsDict]] = (
    {"name": "rds.force_ssl", "value": "1"},
    {"name": "log_statement", "value": "ddl"},
    # The detail of an error quotes the row that it is about.
    {"name": "log_error_verbosity", "value": "terse"},
    {"name": "pg_stat_statements.track", "value": "all"},
    {"name": "shared_preload_libraries", "value": "pg_stat_statements", "apply_method": "pending-reboot"},
)
"""Settings of every instance of the cluster."""


def family(version: str) -> str:
    """The family of parameter groups of an engine version."""
    return f"{ENGINE}{version.split('.', maxsplit=1)[0]}"


def may_read(sid: str, secret_arn: Input[str], key_arn: Input[str]) -> list[Statement]:
    """The right to read one secret, and its key for that secret."""
    return [
        {
            "Sid": f"Read{sid}",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [secret_arn],
        },
        {
            "Sid": f"Decrypt{sid}",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [key_arn],
            "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": [secret_arn]}},
        },
    ]


def credentials(password: str) -> str:
    """The functions' role as RDS Proxy reads it."""
    return json.dumps({"username": APPLICATION, "password": password})


def user_arn(proxy_arn: str, user: str) -> str:
    """The name of a database user behind a proxy, as IAM spells it (`…:dbuser:prx-…/user`)."""
    _, partition, _, region, account, _, resource = proxy_arn.split(":")
    return f"arn:{partition}:rds-db:{region}:{account}:dbuser:{resource}/{user}"


def monitoring_rights(partition: str, region: str, account_id: Input[str]) -> Output[str]:
    """Where enhanced monitoring writes: the log group that RDS shares among all databases of a region."""
    group = formatted("arn:{0}:logs:{1}:{2}:log-group:RDSOSMetrics", partition, region, account_id)
    return policy_json(
        [
            {
                "Sid": "MakeGroup",
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
                "Resource": [group],
            },
            {
                "Sid": "WriteStreams",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"],
                "Resource": [formatted("{0}:log-stream:*", group)],
            },
        ]
    )


def problems(args: Mapping[str, Any]) -> list[str]:
    """Everything that AWS would refuse, each with what is allowed."""
    found = []
    low, high = args.get("min_capacity", 0.5), args.get("max_capacity", 2.0)
    if not _PREFIX.fullmatch(args["name_prefix"]):
        found.append(
            f"name_prefix is {args['name_prefix']!r}; allowed: lower-case letters, digits and single dashes, beginning "
            "with a letter, 46 characters at most"
        )
    if not _VERSION.fullmatch(args.get("engine_version", "16.8")):
        found.append(f"engine_version is {args['engine_version']!r}; allowed: one of 16 or 17 such as 16.8")
    if not 0.5 <= low <= 256 or low % 0.5:
        found.append(
            f"min_capacity is {low}; allowed: 0.5 to 256 in steps of 0.5; the proxy keeps connections open, so a "
            "cluster that may pause at 0 never would"
        )
    if not 1 <= high <= 256 or high % 0.5 or high < low:
        found.append(f"max_capacity is {high}; allowed: 1 to 256 in steps of 0.5, and not below min_capacity ({low})")
    if not 0 <= args.get("replicas", 0) <= 15:
        found.append(f"replicas is {args['replicas']}; allowed: 0 to 15")
    if not 1 <= args.get("backup_days", 30) <= 35:
        found.append(f"backup_days is {args['backup_days']}; allowed: 1 to 35")
    if args.get("retention_days", 30) not in RETENTION_DAYS:
        found.append(f"retention_days is {args['retention_days']}; allowed: {', '.join(map(str, RETENTION_DAYS))}")
    return found
