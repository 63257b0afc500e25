"""What asks a host from outside and all the time, and who hears that it does not answer."""

from __future__ import annotations

from typing import Final

from pulumi import Input, ResourceOptions

from components.aws import route53
from components.values import Alarm, Metric

METRICS_REGION: Final = "us-east-1"
"""The only region where CloudWatch has figures of health checks."""
OFTEN_S: Final = 10
"""How often is asked what callers are moved by; twice the price of twice a minute."""
PAGE: Final = "/index.html"
"""What is asked for where nothing else is said: the page that every path without a file leads to."""
_INTERVAL_S: Final = 30
_FAILURES: Final = 3


def check(
    name: str,
    host: Input[str],
    path: Input[str],
    opts: ResourceOptions,
    *,
    interval_s: int = _INTERVAL_S,
    held: bool = False,
) -> route53.HealthCheck:
    """Declares the health check; while it is held, the host counts as lost however well it is."""
    return route53.HealthCheck(
        f"{name}-health",
        type="HTTPS",
        fqdn=host,
        port=443,
        resource_path=path,
        enable_sni=True,
        request_interval=interval_s,
        failure_threshold=_FAILURES,
        measure_latency=False,
        # A disabled check counts as healthy, and inverted as the opposite: nothing leads here until it is undone.
        disabled=held,
        invert_healthcheck=held,
        opts=opts,
    )


def unhealthy(made: route53.HealthCheck, what: str, label: str, description: str, runbook: str) -> Alarm:
    """A host does not answer; CloudWatch has the figures in us-east-1 alone."""
    healthy = Metric(
        namespace="AWS/Route53",
        name="HealthCheckStatus",
        dimensions={"HealthCheckId": made.id},
        statistic="Minimum",
        label=label,
    )
    return Alarm(
        name=what,
        metric=healthy,
        comparison="LessThanThreshold",
        threshold=1,
        periods=3,
        missing_data="breaching",
        description=description,
        runbook=runbook,
        severity="critical",
    )


def alarms(made: route53.HealthCheck) -> list[Alarm]:
    """The site does not answer: an edge does wherever a region is lost, so neither bucket helped."""
    words = "the site's name does not answer health checks, although either region's bucket would do"
    return [unhealthy(made, "site-unhealthy", "site", words, "site-errors")]
