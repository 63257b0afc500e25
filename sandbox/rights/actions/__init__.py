"""From a call of the SDK to what IAM is asked: one row an operation, and an error for a call without one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.rights.actions import (
    databases,
    engines,
    keys,
    language,
    messages,
    models,
    objects,
    roles,
    secrets,
    tables,
    watching,
    work,
)
from sandbox.rights.actions.call import Call, Need, State, Table, UnmappedCallError, one
from sandbox.rights.request import Access

__all__ = ["TABLES", "Call", "Need", "State", "UnmappedCallError", "accesses"]

TABLES: Final[Mapping[str, Table]] = {
    "bedrock-runtime": language.BEDROCK,
    "cloudwatch": watching.CLOUDWATCH,
    "cognito-identity": roles.IDENTITIES,
    "cognito-idp": roles.POOLS,
    "comprehend": language.COMPREHEND,
    "dynamodb": tables.DYNAMODB,
    "dynamodbstreams": tables.STREAMS,
    "ecr": engines.ECR,
    "elasticache": engines.ELASTICACHE,
    "events": messages.EVENTS,
    "iam": roles.IAM,
    "kms": keys.KMS,
    "lambda": work.LAMBDA,
    "logs": watching.LOGS,
    "rds": databases.RDS,
    "rds-db": engines.DATABASE,
    "s3": objects.S3,
    "sagemaker": models.SAGEMAKER,
    "sagemaker-runtime": models.RUNTIME,
    "scheduler": messages.SCHEDULER,
    "secretsmanager": secrets.SECRETS,
    "sns": messages.SNS,
    "sqs": messages.SQS,
    "stepfunctions": work.STATES,
    "sts": roles.STS,
    "xray": watching.XRAY,
}
"""By botocore's name of the service."""


def accesses(call: Call, state: State) -> tuple[Access, ...]:
    """What IAM is asked for a call, in the order in which AWS asks; nothing for a call that needs nobody's rights.

    Raises:
        UnmappedCallError: for an operation that has no row.
    """
    table = TABLES.get(call.service)
    if table is None:
        raise _unmapped(call, "services", TABLES)
    row = table.get(call.operation)
    if row is None:
        raise _unmapped(call, f"operations of {call.service}", table)
    shared = {
        **one("aws:requestedregion", call.region),
        **one("aws:securetransport", value=True),
        **one("aws:viaawsservice", value=False),
    }
    return tuple(
        Access(
            call.principal,
            need.action,
            need.resources or ("*",),
            {**shared, **need.context, **call.context},
            call.session,
        )
        for need in row(call, state)
    )


def _unmapped(call: Call, what: str, known: Mapping[str, object]) -> UnmappedCallError:
    return UnmappedCallError(
        f"{call.service} {call.operation}: no row tells the rights of this call; {what} with rows: "
        f"{', '.join(sorted(known))}; add one to sandbox/rights/actions"
    )
