"""Every metric that an alarm or a widget may name: who emits it, and by which dimensions.

Names and dimensions of services are those of their own pages "Monitoring … with Amazon CloudWatch".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from functions.measures import DIMENSION, MEASURES, NAMESPACE

Dimensions = frozenset[str]


@dataclass(frozen=True)
class Emitter:
    """One namespace."""

    namespace: str
    metrics: Mapping[str, tuple[Dimensions, ...]]
    """Name → the sets of dimensions that it has data points by."""


def _by(names: str, *sets: Iterable[str]) -> dict[str, tuple[Dimensions, ...]]:
    return dict.fromkeys(names.split(), tuple(frozenset(row) for row in sets))


_FUNCTION: Final = ("FunctionName",)
_STAGE: Final = ("ApiName", "Stage")
_VARIANT: Final = ("EndpointName", "VariantName")
_RULE: Final = ("SourceBucket", "DestinationBucket", "RuleId")

SERVICES: Final[Mapping[str, Emitter]] = {
    row.namespace: row
    for row in (
        Emitter(
            "AWS/ApiGateway",
            _by(
                "Count 4XXError 5XXError Latency IntegrationLatency CacheHitCount CacheMissCount",
                ("ApiName",),
                _STAGE,
                (*_STAGE, "Method", "Resource"),
            ),
        ),
        Emitter(
            "AWS/ApplicationELB",
            _by(
                "RequestCount HTTPCode_ELB_4XX_Count HTTPCode_ELB_5XX_Count HTTPCode_Target_5XX_Count "
                "ClientTLSNegotiationErrorCount LambdaInternalError LambdaUserError TargetResponseTime",
                ("LoadBalancer",),
            ),
        ),
        Emitter(
            "AWS/Backup",
            _by("NumberOfBackupJobsFailed NumberOfBackupJobsExpired NumberOfBackupJobsCompleted", ("BackupVaultName",))
            | _by("NumberOfCopyJobsFailed NumberOfCopyJobsCompleted", ("BackupVaultName",), ())
            | _by("NumberOfRestoreJobsFailed NumberOfRestoreJobsCompleted", ("BackupVaultName",), ("ResourceType",)),
        ),
        Emitter("AWS/Billing", _by("EstimatedCharges", ("Currency",), ("Currency", "ServiceName"))),
        Emitter(
            "AWS/CloudFront",
            _by(
                "Requests BytesDownloaded 4xxErrorRate 5xxErrorRate CacheHitRate OriginLatency",
                ("DistributionId", "Region"),
            ),
        ),
        Emitter(
            "AWS/Cognito",
            _by("SignUpSuccesses SignInSuccesses TokenRefreshSuccesses", ("UserPool", "UserPoolClient")),
        ),
        Emitter(
            "AWS/DAX",
            _by(
                "CPUUtilization CacheMemoryUtilization ItemCacheHits ItemCacheMisses QueryCacheHits QueryCacheMisses "
                "ThrottledRequestCount ErrorRequestCount FaultRequestCount TotalRequestCount EvictedSize",
                ("ClusterId",),
            ),
        ),
        Emitter(
            "AWS/DynamoDB",
            _by(
                "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents",
                ("TableName",),
                ("TableName", "GlobalSecondaryIndexName"),
            )
            | _by("ThrottledRequests SuccessfulRequestLatency SystemErrors", ("TableName", "Operation"))
            | _by("ReplicationLatency", ("TableName", "ReceivingRegion")),
        ),
        Emitter(
            "AWS/ElastiCache",
            _by(
                "CPUUtilization EngineCPUUtilization DatabaseMemoryUsagePercentage Evictions CurrConnections "
                "CacheHits CacheMisses ReplicationLag",
                ("CacheClusterId",),
                ("CacheClusterId", "CacheNodeId"),
            ),
        ),
        Emitter(
            "AWS/Lambda",
            _by("Invocations Errors Throttles Duration ConcurrentExecutions IteratorAge", _FUNCTION)
            | _by("DeadLetterErrors DestinationDeliveryFailures AsyncEventsDropped AsyncEventAge", _FUNCTION),
        ),
        Emitter(
            "AWS/RDS",
            _by(
                "CPUUtilization ACUUtilization FreeableMemory Deadlocks ServerlessDatabaseCapacity DatabaseConnections "
                "AuroraReplicaLagMaximum",
                ("DBClusterIdentifier",),
            )
            | _by("ClientConnections MaxDatabaseConnectionsAllowed QueryDatabaseResponseLatency", ("ProxyName",))
            | _by("DatabaseConnections", ("DBClusterIdentifier",), ("ProxyName",)),
        ),
        Emitter("AWS/Route53", _by("HealthCheckStatus HealthCheckPercentageHealthy", ("HealthCheckId",))),
        Emitter(
            "AWS/S3",
            _by("BucketSizeBytes NumberOfObjects", ("BucketName", "StorageType"))
            | _by(
                "ReplicationLatency OperationsPendingReplication BytesPendingReplication OperationsFailedReplication",
                _RULE,
            ),
        ),
        Emitter(
            "AWS/SQS",
            _by(
                "ApproximateNumberOfMessagesVisible ApproximateAgeOfOldestMessage NumberOfMessagesSent "
                "NumberOfMessagesReceived NumberOfMessagesDeleted",
                ("QueueName",),
            ),
        ),
        Emitter(
            "AWS/SageMaker",
            _by(
                "Invocations InvocationsPerInstance Invocation4XXErrors Invocation5XXErrors InvocationModelErrors "
                "ModelLatency OverheadLatency ModelSetupTime MemoryUtilization",
                _VARIANT,
            ),
        ),
        Emitter(
            "AWS/States",
            _by(
                "ExecutionsStarted ExecutionsSucceeded ExecutionsFailed ExecutionsTimedOut ExecutionsAborted "
                "ExecutionThrottled ExecutionTime",
                ("StateMachineArn",),
            ),
        ),
        # What filters count of the gateway's access log (components/secure_api/watched/access.py).
        Emitter("MLPlatform/Access", _by("Unauthorized Throttled TooSlow", ("ApiName",))),
        # What filters count of the trail's records (components/governance/calls.py).
        Emitter(
            "MLPlatform/Calls",
            _by(
                "RootUsed CallsRefused SignInsWithoutMfa SignInsFailed TrailChanges KeysEnded RightsChanges "
                "BucketPolicyChanges RecorderChanges SecurityGroupChanges NetworkAclChanges GatewayChanges "
                "RouteChanges NetworkChanges OrganizationChanges",
                (),
            ),
        ),
        Emitter("AWS/WAFV2", _by("BlockedRequests AllowedRequests", ("WebACL", "Rule"), ("WebACL", "Rule", "Region"))),
    )
}
"""What AWS emits of what a stack declares."""

OURS: Final = Emitter(
    NAMESPACE, {name: (frozenset({DIMENSION}),) for measured in MEASURES.values() for name in measured}
)
"""What our functions write into their logs."""
