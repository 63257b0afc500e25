"""What is watched of the database: alarm and dashboard rows."""

from __future__ import annotations

from typing import Final

from components.values import Alarm, Metric, MetricExpression, Widget

_MEMORY_LOW_BYTES: Final = 128 * 1024 * 1024
_SECTION: Final = "Database"


def of_cluster(cluster_id: str, name: str, *, statistic: str = "Average", unit: str = "Count") -> Metric:
    """A metric of the cluster's writer, or of all its instances where RDS gives it so."""
    return Metric(
        namespace="AWS/RDS",
        name=name,
        dimensions={"DBClusterIdentifier": cluster_id},
        statistic=statistic,
        unit=unit,
        label=f"database {name}",
    )


def of_proxy(proxy_name: str, name: str, *, statistic: str = "Average", unit: str = "Count") -> Metric:
    """A metric of the proxy."""
    return Metric(
        namespace="AWS/RDS",
        name=name,
        dimensions={"ProxyName": proxy_name},
        statistic=statistic,
        unit=unit,
        label=f"proxy {name}",
    )


def connection_share(proxy_name: str) -> MetricExpression:
    """Connections to the cluster in use, of those that the proxy may open, in per cent."""
    return MetricExpression(
        expression="100 * used / allowed",
        metrics={
            "used": of_proxy(proxy_name, "DatabaseConnections", statistic="Maximum").over(300),
            "allowed": of_proxy(proxy_name, "MaxDatabaseConnectionsAllowed", statistic="Maximum").over(300),
        },
        label="share of the connections in use",
        period_s=300,
        unit="Percent",
    )


def alarms(cluster_id: str, proxy_name: str, *, replicas: int) -> list[Alarm]:
    """When the database is short of something, or waits for itself."""
    rows = [
        Alarm(
            name="database-cpu",
            metric=of_cluster(cluster_id, "CPUUtilization", unit="Percent").over(300),
            threshold=80,
            periods=2,
            description="the database has been short of processor time for ten minutes",
            runbook="database-load",
            severity="critical",
        ),
        Alarm(
            name="database-capacity",
            metric=of_cluster(cluster_id, "ACUUtilization", unit="Percent").over(300),
            threshold=90,
            periods=3,
            description="the database has grown nearly as far as its settings let it",
            runbook="database-load",
        ),
        Alarm(
            name="database-memory",
            metric=of_cluster(cluster_id, "FreeableMemory", statistic="Minimum", unit="Bytes").over(300),
            threshold=_MEMORY_LOW_BYTES,
            comparison="LessThanThreshold",
            periods=3,
            description="the database is about to run out of memory",
            runbook="database-load",
        ),
        Alarm(
            name="database-connections",
            metric=connection_share(proxy_name),
            threshold=80,
            periods=2,
            description="the proxy will soon have no connection left to lend, so requests will wait and be refused",
            runbook="database-connections",
        ),
        Alarm(
            name="database-deadlocks",
            metric=of_cluster(cluster_id, "Deadlocks", unit="Count/Second").over(300),
            threshold=0,
            description="transactions wait for each other, and PostgreSQL ends one of them",
            runbook="database-deadlocks",
        ),
    ]
    if replicas:
        rows.append(
            Alarm(
                name="database-replica-lag",
                metric=of_cluster(cluster_id, "AuroraReplicaLagMaximum", statistic="Maximum", unit="Milliseconds").over(
                    60
                ),
                threshold=1000,
                periods=5,
                description="readers of the database are more than a second behind its writer",
                runbook="database-replica-lag",
            )
        )
    return rows


def widgets(cluster_id: str, proxy_name: str, *, replicas: int) -> list[Widget]:
    """Load, capacity, connections and the time that statements take."""
    rows = [
        Widget(
            title="Database: load",
            section=_SECTION,
            metrics=[of_cluster(cluster_id, name, unit="Percent") for name in ("CPUUtilization", "ACUUtilization")],
            y_label="per cent",
            marks={"alarm": 80},
        ),
        Widget(
            title="Database: capacity",
            section=_SECTION,
            metrics=[of_cluster(cluster_id, "ServerlessDatabaseCapacity")],
            y_label="capacity units",
        ),
        Widget(
            title="Database: connections",
            section=_SECTION,
            metrics=[
                of_proxy(proxy_name, name, statistic="Maximum") for name in ("ClientConnections", "DatabaseConnections")
            ],
            y_label="connections",
        ),
        Widget(
            title="Database: answers",
            section=_SECTION,
            metrics=[of_proxy(proxy_name, "QueryDatabaseResponseLatency", unit="Microseconds")],
            y_label="µs",
        ),
    ]
    if replicas:
        lag = of_cluster(cluster_id, "AuroraReplicaLagMaximum", statistic="Maximum", unit="Milliseconds")
        rows.append(Widget(title="Database: lag of readers", section=_SECTION, metrics=[lag], y_label="ms"))
    return rows
