"""What governs a whole stack, composed from its settings: once, whatever number of regions it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from components.data_lake.documents import BucketName
from components.governance.budget import Budget, BudgetArgs, SpendingRole
from components.governance.trail import Trail
from components.governance.watchers import Standard, Watchers, WatchersArgs
from components.values import Alarm, Widget, formatted

if TYPE_CHECKING:
    from components.region import Region


def govern(home: Region, away: Region | None, environment: str) -> tuple[list[Alarm], list[Widget]]:
    """Declares the budget and the audit of a stack: what is one for all regions in the first, where it is watched."""
    regions = [home] if away is None else [home, away]
    if home.stack.settings.budget.enabled:
        _limit(regions, environment)
    trail = _trail(regions) if home.stack.settings.audit.trail == "own" else None
    for region in regions:
        _watch(region, trail, everywhere=region is home)
    return ([], []) if trail is None else (trail.alarms(), trail.widgets())


def _limit(regions: Sequence[Region], environment: str) -> Budget:
    stack = regions[0].stack
    chosen = stack.settings.budget
    roles = [
        SpendingRole(name=role.name, arn=role.arn) for region in regions for role in region.workflow.spending_roles()
    ]
    roles += [
        SpendingRole(name=path.rpartition("/")[2], arn=formatted("arn:aws:iam::{0}:role/{1}", stack.account_id, path))
        for path in chosen.stop_roles
    ]
    args: BudgetArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "environment": environment,
        "key_arn": regions[0].ground.keys.arn("notifications"),
        "roles": roles,
        "limit_usd": chosen.limit_usd,
        "scope": chosen.scope,
        "stop": chosen.stop,
        "anomalies": chosen.anomalies,
        "anomaly_usd": chosen.anomaly_usd,
        "activate_tags": chosen.activate_tags,
        "emails": stack.settings.observability.emails,
    }
    return Budget(stack.named("budget"), args, stack.opts)


def _trail(regions: Sequence[Region]) -> Trail:
    home = regions[0]
    stack, chosen = home.stack, home.stack.settings.audit
    kept: Sequence[BucketName] = ("raw", "processed", "models")
    return Trail(
        stack.named("audit"),
        {
            "name_prefix": stack.prefix,
            "account_id": stack.account_id,
            "region": stack.region,
            "key_arn": home.ground.keys.arn("logs"),
            "logs_bucket": home.ground.lake.bucket_name("logs"),
            "data_buckets": [region.ground.lake.bucket_name(bucket) for region in regions for bucket in kept],
            "keep_days": chosen.keep_days,
            "searchable": chosen.searchable,
            "watched": chosen.calls,
            "retention_days": stack.settings.observability.log_days,
            "protect": stack.settings.data.protect,
        },
        stack.opts,
    )


def _watch(region: Region, trail: Trail | None, *, everywhere: bool) -> None:
    stack, chosen = region.stack, region.stack.settings.audit
    if "own" not in (chosen.recorder, chosen.threats, chosen.access):
        return
    args: WatchersArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "region": stack.region,
        "everywhere": everywhere,
        "threats": chosen.threats == "own",
        "access": chosen.access == "own",
    }
    if trail is not None and chosen.recorder == "own":
        args["archive"], args["key_arn"] = trail.archive.bucket_name, trail.key_arn
        args["standards"] = cast("Sequence[Standard]", chosen.standards)
    Watchers(stack.named("watchers"), args, stack.opts)
