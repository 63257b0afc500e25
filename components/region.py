"""One region of a stack, whole: keys, foundation, services and their watch, composed from the stack's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.foundation import Foundation, Stack, Twin, lay
from components.keys import Keys
from components.ml_endpoint import MlEndpoint
from components.observability import Observability, ObservabilityArgs
from components.secrets import Rotation
from components.secure_api import SecureApi
from components.services import open_door, rotate, serve, train
from components.training_workflow import TrainingWorkflow
from components.values import Alarm, Widget


@dataclass(frozen=True, kw_only=True)
class Region:
    """What one region of a stack consists of."""

    stack: Stack
    ground: Foundation
    endpoint: MlEndpoint
    workflow: TrainingWorkflow
    api: SecureApi
    rotations: Sequence[Rotation]


def compose(stack: Stack, keys: Keys, environment: str, twin: Twin) -> Region:
    """Declares everything that one region has."""
    ground = lay(stack, keys, twin)
    endpoint = serve(stack, ground)
    workflow = train(stack, ground, endpoint)
    api = open_door(stack, ground, workflow, environment, twin.pools)
    rotations = rotate(stack, ground)
    return Region(stack=stack, ground=ground, endpoint=endpoint, workflow=workflow, api=api, rotations=rotations)


def watch(region: Region, alarms: Sequence[Alarm] = (), widgets: Sequence[Widget] = ()) -> Observability:
    """Alarms and dashboard of what a region's components declare, and of what ties it to another region."""
    stack, ground = region.stack, region.ground
    heard = stack.settings.observability
    parts = (region.api, region.endpoint, ground.cache, region.workflow, ground.tables)
    chosen = [part for part in (ground.accelerator, ground.database) if part is not None]
    rotations = region.rotations
    args: ObservabilityArgs = {
        "name_prefix": stack.prefix,
        "key_arn": ground.keys.arn("notifications"),
        "alarms": [row for part in parts for row in part.alarms()]
        + [row for part in chosen for row in part.alarms()]
        + [row for rotation in rotations for row in rotation.alarms()]
        + list(alarms),
        "widgets": [row for part in (*parts, ground.lake) for row in part.widgets()]
        + [row for part in chosen for row in part.widgets()]
        + [row for rotation in rotations for row in rotation.widgets()]
        + list(widgets),
        # Dashboards have no region: two with the same name would be one.
        "dashboard_name": f"{stack.prefix}-{stack.named('application')}",
        "emails": heard.emails,
    }
    if heard.runbook_url is not None:
        args["runbook_url"] = heard.runbook_url
    return Observability(stack.named("observability"), args, stack.opts)
