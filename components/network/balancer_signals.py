"""What the load balancer measures: requests, failures, refused handshakes, times."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.values import Alarm, Metric, MetricExpression, Widget

_SECTION: Final = "Load balancer"


def metric(balancer: Input[str], name: str, statistic: str = "Sum", *, label: str, unit: str = "Count") -> Metric:
    """One of the load balancer's metrics; `balancer` is the end of its ARN, `app/…`."""
    return Metric(
        namespace="AWS/ApplicationELB",
        name=name,
        dimensions={"LoadBalancer": balancer},
        statistic=statistic,
        period_s=300,
        unit=unit,
        label=label,
    )


def _sum(label: str, metrics: dict[str, Metric]) -> MetricExpression:
    # A metric without data in a period would leave the sum without data too.
    expression = " + ".join(f"FILL({key}, 0)" for key in metrics)
    return MetricExpression(expression=expression, metrics=metrics, label=label, period_s=300, unit="Count")


def alarms(balancer: Input[str]) -> list[Alarm]:
    """Failed answers, and functions that the load balancer could not run."""
    failed = {
        "own": metric(balancer, "HTTPCode_ELB_5XX_Count", label="failed by the load balancer"),
        "target": metric(balancer, "HTTPCode_Target_5XX_Count", label="failed by a function"),
    }
    broken = {
        "theirs": metric(balancer, "LambdaInternalError", label="not run by Lambda"),
        "ours": metric(balancer, "LambdaUserError", label="ended by an error"),
    }
    return [
        Alarm(
            name="balancer-errors",
            metric=_sum("failed requests", failed),
            threshold=10,
            description="the load balancer answered more than ten requests in five minutes with an error of ours",
            runbook="balancer-errors",
            severity="critical",
        ),
        Alarm(
            name="balancer-targets",
            metric=_sum("failed targets", broken),
            threshold=0,
            periods=3,
            datapoints=2,
            description="functions behind the load balancer cannot be run or end with an error",
            runbook="balancer-errors",
        ),
    ]


def widgets(balancer: Input[str]) -> list[Widget]:
    """Requests and failures, and the time of the functions."""
    counts = [
        metric(balancer, "RequestCount", label="requests"),
        metric(balancer, "HTTPCode_ELB_4XX_Count", label="refused"),
        metric(balancer, "HTTPCode_ELB_5XX_Count", label="failed"),
        metric(balancer, "ClientTLSNegotiationErrorCount", label="handshakes refused"),
    ]
    times = [
        metric(balancer, "TargetResponseTime", statistic, label=statistic, unit="Seconds")
        for statistic in ("p50", "p95", "p99")
    ]
    return [
        Widget(title="Load balancer: requests", section=_SECTION, metrics=counts, y_label="requests in 5 minutes"),
        Widget(title="Load balancer: time", section=_SECTION, metrics=times, y_label="s"),
    ]
