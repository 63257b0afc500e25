"""Caches, databases and images of containers."""

from __future__ import annotations

from typing import Final

from sandbox.rights.actions.call import Row, Table, anything, on


def _cache(operation: str) -> Row:
    return on(
        f"elasticache:{operation}",
        lambda call: call.arn("elasticache", f"replicationgroup:{call.text('ReplicationGroupId') or '*'}"),
    )


ELASTICACHE: Final[Table] = {
    "DescribeReplicationGroups": _cache("DescribeReplicationGroups"),
    "ModifyReplicationGroup": _cache("ModifyReplicationGroup"),
}

DATABASE: Final[Table] = {
    # Not an operation of an SDK: what signing in by a token asks IAM. ResourceId is the proxy's or the cluster's.
    "connect": on(
        "rds-db:connect", lambda call: call.arn("rds-db", f"dbuser:{call.text('ResourceId')}/{call.text('DBUser')}")
    ),
}


def _repository(operation: str) -> Row:
    return on(
        f"ecr:{operation}",
        lambda call: call.arn(
            "ecr", f"repository/{call.text('repositoryName')}", account=call.text("registryId") or call.account
        ),
    )


ECR: Final[Table] = {
    **{
        operation: _repository(operation)
        for operation in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    },
    "GetAuthorizationToken": anything("ecr:GetAuthorizationToken"),
}
