"""One region of a stack, whole: keys, foundation, services and their watch, composed from the stack's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pulumi import Output

from components.foundation import Foundation, Stack, Twin, lay
from components.governance.findings import Findings, FindingsArgs
from components.keys import Keys
from components.ml_batches import MlBatches
from components.ml_batches.placing import answer_batches
from components.ml_endpoint import MlEndpoint
from components.observability import Observability, ObservabilityArgs
from components.observability.cost import charges
from components.secrets import Rotation
from components.secure_api import SecureApi
from components.services import open_door, rotate, serve, train
from components.training_workflow import TrainingWorkflow
from components.training_workflow.signals import lost_events
from components.values import Alarm, Board, Severity, Widget


@dataclass(frozen=True, kw_only=True)
class Region:
    """What one region of a stack consists of."""

    stack: Stack
    ground: Foundation
    endpoint: MlEndpoint
    workflow: TrainingWorkflow
    batches: MlBatches
    api: SecureApi
    rotations: Sequence[Rotation]


def compose(stack: Stack, keys: Keys, environment: str, twin: Twin) -> Region:
    """Declares everything that one region has."""
    ground = lay(stack, keys, twin)
    endpoint = serve(stack, ground)
    workflow = train(stack, ground, endpoint)
    batches = answer_batches(stack, ground, endpoint)
    api = open_door(stack, ground, workflow, batches.door(), environment, pools=twin.pools)
    rotations = rotate(stack, ground)
    return Region(
        stack=stack,
        ground=ground,
        endpoint=endpoint,
        workflow=workflow,
        batches=batches,
        api=api,
        rotations=rotations,
    )


def watch(region: Region, alarms: Sequence[Alarm] = (), widgets: Sequence[Widget] = ()) -> Observability:
    """Alarms and dashboard of what a region's components declare, and of what ties it to another region."""
    stack, ground, heard = region.stack, region.ground, region.stack.settings.observability
    budget = stack.settings.budget
    parts = (region.api, region.endpoint, region.batches, ground.cache, region.workflow, ground.tables)
    chosen = [part for part in (ground.accelerator, ground.database) if part is not None]
    rotations = region.rotations
    findings = _findings(region)
    args: ObservabilityArgs = {
        "name_prefix": stack.prefix,
        "key_arn": ground.keys.arn("notifications"),
        "alarms": [row for part in parts for row in part.alarms()]
        + [row for part in chosen for row in part.alarms()]
        + [row for rotation in rotations for row in rotation.alarms()]
        + [lost_events("rotation-events-lost", f"{stack.prefix}-rotation-lost-events", "a rotation was not begun")]
        + ([] if findings is None else findings.alarms())
        + list(alarms),
        "widgets": [row for part in (*parts, ground.lake) for row in part.widgets()]
        + [row for part in chosen for row in part.widgets()]
        + [row for rotation in rotations for row in rotation.widgets()]
        + list(widgets)
        # Bills are of the account, and told once.
        + ([] if stack.label else charges(budget.limit_usd if budget.enabled else None)),
        # Dashboards have no region: two with the same name would be one.
        "dashboard_names": {board: f"{stack.prefix}-{stack.named(board)}" for board in get_args(Board)},
        "emails": heard.emails,
        "traced": {
            "service": region.api.service,
            "per_second": heard.traces_per_second,
            "percent": heard.traces_percent,
        },
        "grafana": heard.grafana,
        "prometheus": heard.prometheus_period_s > 0,
    }
    if findings is not None:
        args["rules"] = {severity: findings.rule_arns(severity) for severity in get_args(Severity)}
    if heard.runbook_url is not None:
        args["runbook_url"] = heard.runbook_url
    if heard.slack_workspace is not None and heard.slack_channel is not None:
        args |= {"slack_workspace": heard.slack_workspace, "slack_channel": heard.slack_channel}
    if heard.pagerduty_url is not None:
        args["pagerduty_url"] = heard.pagerduty_url
    watched = Observability(stack.named("observability"), args, stack.opts)
    if findings is not None:
        findings.tell({severity: topic.arn for severity, topic in watched.topics.items()}, watched)
    return watched


def _findings(region: Region) -> Findings | None:
    stack = region.stack
    if not stack.settings.audit.findings:
        return None
    args: FindingsArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "region": stack.region,
        "key_arn": region.ground.keys.arn("notifications"),
    }
    if stack.settings.observability.runbook_url is not None:
        args["runbook_url"] = stack.settings.observability.runbook_url
    return Findings(stack.named("findings"), args, stack.opts)


def of_first(region: Region, watched: Observability) -> dict[str, Output[str]]:
    """Of the region of the stack."""
    lake = region.ground.lake
    return {
        "api_url": region.api.api_url,
        "user_pool_id": region.api.user_pool_id,
        "user_pool_client_id": region.api.user_pool_client_id,
        "identity_pool_id": region.api.folders.identity_pool_id,
        "raw_bucket": lake.bucket_name("raw"),
        "processed_bucket": lake.bucket_name("processed"),
        "models_bucket": lake.bucket_name("models"),
        "logs_bucket": lake.bucket_name("logs"),
        "endpoint_name": region.endpoint.endpoint_name,
        "state_machine_arn": region.workflow.state_machine_arn,
        "model_package_group": region.workflow.model_package_group,
        "dashboard_name": watched.dashboard_name,
        "alarm_topic_arn": watched.topic_arn,
        "critical_alarm_topic_arn": watched.critical_topic_arn,
        **({} if watched.grafana is None else {"grafana_dashboards": watched.grafana}),
    }


def of_second(region: Region, watched: Observability) -> dict[str, Output[str]]:
    """Of the region that takes over; names that are equal in both regions are told once."""
    lake = region.ground.lake
    return {
        "standby_region": Output.from_input(region.stack.region),
        "standby_api_url": region.api.api_url,
        "standby_user_pool_id": region.api.user_pool_id,
        "standby_user_pool_client_id": region.api.user_pool_client_id,
        "standby_models_bucket": lake.bucket_name("models"),
        "standby_raw_bucket": lake.bucket_name("raw"),
        "standby_state_machine_arn": region.workflow.state_machine_arn,
        "standby_alarm_topic_arn": watched.topic_arn,
        "standby_critical_alarm_topic_arn": watched.critical_topic_arn,
        **({} if watched.grafana is None else {"standby_grafana_dashboards": watched.grafana}),
    }
