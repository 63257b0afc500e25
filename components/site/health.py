"""What asks the site by its name, from outside and all the time: an edge answers wherever a region is lost."""

from __future__ import annotations

from typing import Final

from pulumi import ResourceOptions

from components.aws import route53
from components.values import Alarm, Metric

PAGE: Final = "/index.html"
"""What is asked for where nothing else is said: the page that every path without a file leads to."""
_INTERVAL_S: Final = 30
_FAILURES: Final = 3


def check(name: str, domain: str, path: str, opts: ResourceOptions) -> route53.HealthCheck:
    """Declares the health check; the name has one address everywhere, so its records follow nothing."""
    return route53.HealthCheck(
        f"{name}-health",
        type="HTTPS",
        fqdn=domain,
        port=443,
        resource_path=path,
        enable_sni=True,
        request_interval=_INTERVAL_S,
        failure_threshold=_FAILURES,
        measure_latency=False,
        opts=opts,
    )


def alarms(made: route53.HealthCheck) -> list[Alarm]:
    """The site does not answer; CloudWatch has the figures in us-east-1 alone."""
    healthy = Metric(
        namespace="AWS/Route53",
        name="HealthCheckStatus",
        dimensions={"HealthCheckId": made.id},
        statistic="Minimum",
        label="site",
    )
    return [
        Alarm(
            name="site-unhealthy",
            metric=healthy,
            comparison="LessThanThreshold",
            threshold=1,
            periods=3,
            missing_data="breaching",
            description="the site's name does not answer health checks, although either region's bucket would do",
            runbook="site-errors",
            severity="critical",
        )
    ]
