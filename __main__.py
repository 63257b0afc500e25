"""One stack of the platform: settings in, regions, exports out."""

from __future__ import annotations

from dataclasses import replace

import pulumi
from pulumi_aws.get_caller_identity import get_caller_identity_output
from pulumi_aws.provider import Provider

from components.balancing import balance
from components.edge import EDGE_REGION, mark, publish
from components.foundation import Stack, Twin, lock
from components.recovery.ties import tie
from components.region import compose, watch
from components.settings import Artifacts, Settings, load
from components.tables import ReplicaRegion
from components.values import Alarm, Widget
from functions.routes import ROUTES

project, environment = pulumi.get_project(), pulumi.get_stack()
settings = load(environment)
capabilities = {route.capability for route in ROUTES} | {
    "approvals",
    "compare",
    "intake",
    "keyring",
    "migrations",
    "release",
    "rotation",
    "signup",
}
if settings.recovery is not None:
    capabilities.add("standby")
built = Artifacts(settings.artifacts, capabilities)
tags = {**settings.tags, "Environment": environment, "ManagedBy": "pulumi", "Project": project}


def place(label: str, chosen: Settings, *, active: bool) -> Stack:
    """One region of the stack: a provider of its own, which gives every resource its tags."""
    name = f"{label}-aws" if label else "aws"
    provider = Provider(name, region=chosen.region, default_tags={"tags": tags})
    return Stack(
        prefix=f"{project}-{environment}",
        settings=chosen,
        built=built,
        account_id=get_caller_identity_output(opts=pulumi.InvokeOptions(provider=provider)).account_id,
        tags=tags,
        opts=pulumi.ResourceOptions(providers=[provider]),
        region=chosen.region,
        label=label,
        active=active,
    )


recovery, elsewhere = settings.recovery, settings.standby()
first = place("", settings, active=recovery is None or not recovery.active)
keys = lock(first)
first = replace(first, site_mark=mark(first, keys))
away = None
rows: tuple[list[Alarm], list[Widget]] = ([], [])
if recovery is None or elsewhere is None:
    home = compose(first, keys, environment, Twin())
else:
    # Requests of the site may reach either API.
    second = replace(place("standby", elsewhere, active=recovery.active), site_mark=first.site_mark)
    keys_there = lock(second, keys)
    copies: list[ReplicaRegion] = [{"region": second.region, "key_arn": keys_there.arn("data")}]
    home = compose(first, keys, environment, Twin(copies=copies))
    replicas = home.ground.tables.in_region(second.region)
    away = compose(second, keys_there, environment, Twin(tables=replicas, pools=[home.api.trusted_pool()]))
    ties = tie(home, away)
    rows = ties.first()
    watched = watch(away, *ties.second())
edge = publish(home, lambda: place("edge", replace(settings, region=EDGE_REGION), active=False))
door = balance(home)
observability = watch(home, [*rows[0], *edge.alarms, *door.alarms], [*rows[1], *edge.widgets, *door.widgets])

lake = home.ground.lake
exports = {
    "api_url": home.api.api_url,
    "user_pool_id": home.api.user_pool_id,
    "user_pool_client_id": home.api.user_pool_client_id,
    "raw_bucket": lake.bucket_name("raw"),
    "processed_bucket": lake.bucket_name("processed"),
    "models_bucket": lake.bucket_name("models"),
    "logs_bucket": lake.bucket_name("logs"),
    "endpoint_name": home.endpoint.endpoint_name,
    "state_machine_arn": home.workflow.state_machine_arn,
    "model_package_group": home.workflow.model_package_group,
    "dashboard_name": observability.dashboard_name,
    "alarm_topic_arn": observability.topic_arn,
    **edge.exports,
    **door.exports,
}

if away is not None:
    exports |= {
        "standby_region": pulumi.Output.from_input(away.stack.region),
        "standby_api_url": away.api.api_url,
        "standby_user_pool_id": away.api.user_pool_id,
        "standby_user_pool_client_id": away.api.user_pool_client_id,
        "standby_models_bucket": away.ground.lake.bucket_name("models"),
        "standby_raw_bucket": away.ground.lake.bucket_name("raw"),
        "standby_state_machine_arn": away.workflow.state_machine_arn,
        "standby_alarm_topic_arn": watched.topic_arn,
    }

for key, value in exports.items():
    pulumi.export(key, value)
