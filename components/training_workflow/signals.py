"""What the workflow measures: executions, and events that reached nobody."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.values import Alarm, Metric, MetricExpression, Severity, Widget, measured

_SECTION: Final = "Training"


def executions(machine_arn: Input[str], name: str, statistic: str = "Sum", *, label: str) -> Metric:
    """One of Step Functions' metrics of the state machine."""
    return Metric(
        namespace="AWS/States",
        name=name,
        dimensions={"StateMachineArn": machine_arn},
        statistic=statistic,
        period_s=300,
        unit="Milliseconds" if name == "ExecutionTime" else "Count",
        label=label,
    )


def lost_events(name: str, queue_name: str, description: str, severity: Severity = "warning") -> Alarm:
    """Something waits in a queue of events that reached nobody."""
    lost = Metric(
        namespace="AWS/SQS",
        name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": queue_name},
        statistic="Maximum",
        period_s=300,
        label="lost events",
    )
    return Alarm(name=name, metric=lost, threshold=0, description=description, runbook="lost-events", severity=severity)


def alarms(machine_arn: Input[str], queue_name: str, compare: Input[str]) -> list[Alarm]:
    """Each of these is worth a look the first time it happens."""
    return [
        Alarm(
            name="training-failed",
            metric=executions(machine_arn, "ExecutionsFailed", label="failed"),
            threshold=0,
            description="a training or a promotion has failed",
            runbook="training-failed",
            event=True,
        ),
        Alarm(
            name="training-timed-out",
            metric=executions(machine_arn, "ExecutionsTimedOut", label="timed out"),
            threshold=0,
            description="an execution ran longer than its limit",
            runbook="training-failed",
            event=True,
        ),
        Alarm(
            name="training-throttled",
            metric=executions(machine_arn, "ExecutionThrottled", label="throttled"),
            threshold=0,
            periods=3,
            description="executions are slowed down for lack of the account's state transitions",
            runbook="training-throttled",
        ),
        lost_events(
            "training-events-lost",
            queue_name,
            "an upload, a schedule or a decision did not reach its target",
            "critical",
        ),
        Alarm(
            name="model-accuracy-drop",
            metric=measured(compare, "AccuracyDrop", "points less", "Maximum"),
            threshold=5,
            description="on the newest data, a new model is right five points less often than the live one was",
            runbook="model-accuracy",
            severity="critical",
            # Only a training tells: the alarm lasts until one is as good as the live model again.
            missing_data="ignore",
            part_of=("model-degraded",),
        ),
    ]


def widgets(machine_arn: Input[str], compare: Input[str]) -> list[Widget]:
    """Executions by how they ended, how long they took, and how good their models were."""
    time = executions(machine_arn, "ExecutionTime", "Average", label="average")
    minutes = MetricExpression(
        expression="time / 60000", metrics={"time": time}, label="average", period_s=time.period_s, unit="Minutes"
    )
    ends = {
        "ExecutionsStarted": "started",
        "ExecutionsSucceeded": "succeeded",
        "ExecutionsFailed": "failed",
        "ExecutionsTimedOut": "timed out",
        "ExecutionsAborted": "aborted",
    }
    return [
        Widget(
            title="Training: executions",
            section=_SECTION,
            metrics=[executions(machine_arn, name, label=label) for name, label in ends.items()],
            y_label="executions in 5 minutes",
            width=12,
        ),
        Widget(title="Training: time", section=_SECTION, metrics=[minutes], y_label="minutes", width=12),
        Widget(
            title="Models: accuracy of each training",
            section="Models",
            metrics=[
                measured(compare, "ModelAccuracy", "new model", "Average").over(86_400),
                measured(compare, "AccuracyDrop", "less than the live one", "Maximum").over(86_400),
            ],
            y_label="%",
            width=12,
            marks={"alarm: less than the live one": 5},
            board="business",
        ),
    ]
