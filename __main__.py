"""One stack of the platform: settings in, regions, exports out."""

from __future__ import annotations

import gc
from dataclasses import replace

import pulumi
from pulumi_aws.get_caller_identity import get_caller_identity_output
from pulumi_aws.provider import Provider

from components.balancing import balance
from components.edge import EDGE_REGION, mark, publish
from components.foundation import Stack, Twin, lock
from components.governance import govern
from components.recovery.naming import address
from components.recovery.shared_cache import share_cache
from components.recovery.ties import tie
from components.region import compose, of_first, of_second, watch
from components.secrets import SecretReplica
from components.settings import Artifacts, Settings, load
from components.tables import ReplicaRegion
from components.values import Alarm, Widget
from functions.routes import ROUTES

# All that is made here lives until the program ends: looking for garbage among it would double its time.
gc.disable()
project, environment = pulumi.get_project(), pulumi.get_stack()
settings = load(environment)
capabilities = {route.capability for route in ROUTES} | {
    "approvals",
    "batchwork",
    "callbacks",
    "compare",
    "intake",
    "keyring",
    "migrations",
    "release",
    "rotation",
    "signup",
}
if settings.recovery is not None:
    capabilities |= {"snapshots", "standby"}
built = Artifacts(settings.artifacts, capabilities)
tags = {**settings.tags, **settings.audit.tags, "Environment": environment, "ManagedBy": "pulumi", "Project": project}


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
if recovery is None or elsewhere is None:
    home = compose(first, keys, environment, Twin())
else:
    # Requests of the site may reach either API.
    second = replace(place("standby", elsewhere, active=recovery.active), site_mark=first.site_mark)
    keys_there = lock(second, keys)
    copies: list[ReplicaRegion] = [{"region": second.region, "key_arn": keys_there.arn("data")}]
    secrets: list[SecretReplica] = [{"region": second.region, "key_arn": keys_there.arn("secrets")}]
    home = compose(first, keys, environment, Twin(copies=copies, secrets=secrets))
    replicas = home.ground.tables.in_region(second.region)
    callbacks, pools = home.ground.callbacks.secret_arn, [home.api.trusted_pool()]
    taken = Twin(tables=replicas, callbacks_arn=callbacks, cache_group_id=share_cache(home), pools=pools)
    away = compose(second, keys_there, environment, taken)
named, doors = address(home, away), balance(home, away)
exports = dict(named.exports)
edge = publish(home, away, lambda: place("edge", replace(settings, region=EDGE_REGION), active=False))
rows: tuple[list[Alarm], list[Widget]] = ([], [])
if away is None:
    edge.fill()
else:
    ties = tie(home, away, edge.buckets)
    edge.fill([*ties.there.rules.values()])
    rows = ties.first()
    alarms, widgets = ties.second()
    alarms += [*named.heard_in(away), *doors.second.alarms]
    exports |= of_second(away, watch(away, alarms, [*widgets, *doors.second.widgets]))
calls = govern(home, away, environment)
alarms = [*rows[0], *named.heard_in(home), *edge.alarms, *doors.first.alarms, *calls[0]]
watched = watch(home, alarms, [*rows[1], *edge.widgets, *doors.first.widgets, *calls[1]])
for key, value in {**of_first(home, watched), **edge.exports, **doors.exports, **exports}.items():
    pulumi.export(key, value)
