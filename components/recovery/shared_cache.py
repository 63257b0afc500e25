"""SharedCache: the second region's cache follows the first one's, so that predictions outlive a failover."""

from __future__ import annotations

import re
from typing import Final, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import elasticache
from components.region import Region
from components.settings.recovery import SHARED_NODE_TYPE

_SUFFIX: Final = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){0,38}[a-z0-9]")


class SharedCacheArgs(TypedDict):
    """Which cache is shared."""

    suffix: str
    """End of the global group's id, whose beginning ElastiCache draws; such as `mlplatform-prod-cache`."""
    group_id: Input[str]
    """Replication group that takes the writes."""
    node_type: str
    """Size of its nodes, which every member of the global group has."""


class SharedCache(pulumi.ComponentResource):
    """A global datastore: other regions join by its id, and have what is written here within a second."""

    group: elasticache.GlobalReplicationGroup
    """The global group, with the first region's as its primary."""
    group_id: Output[str]
    """What the second region's cache joins by."""

    def __init__(self, name: str, args: SharedCacheArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SharedCache", name, {}, opts)
        _validate(name, args)
        self.group = elasticache.GlobalReplicationGroup(
            f"{name}-group",
            global_replication_group_id_suffix=args["suffix"],
            primary_replication_group_id=args["group_id"],
            global_replication_group_description="Predictions by tenant, model version and input, in both regions",
            # A failover by the runbook makes another member the primary, which must not replace the whole of it.
            opts=ResourceOptions(parent=self, ignore_changes=["primaryReplicationGroupId"]),
        )
        self.group_id = self.group.id
        self.register_outputs({"group_id": self.group_id})


def share_cache(first: Region) -> Output[str] | None:
    """Declares the global group where the settings want one; None elsewhere."""
    stack, recovery = first.stack, first.stack.settings.recovery
    if recovery is None or not recovery.global_cache:
        return None
    args: SharedCacheArgs = {
        "suffix": f"{stack.prefix}-cache",
        "group_id": first.ground.cache.group.id,
        "node_type": stack.settings.cache.node_type,
    }
    return SharedCache(stack.named("shared-cache"), args, stack.opts).group_id


def _validate(name: str, args: SharedCacheArgs) -> None:
    problems = []
    if not _SUFFIX.fullmatch(args["suffix"]):
        problems.append(
            f"suffix is {args['suffix']!r}; allowed: lower-case letters, digits and single dashes, beginning with a "
            "letter, 40 characters at most; change it"
        )
    if not re.fullmatch(SHARED_NODE_TYPE, args["node_type"]):
        problems.append(
            f"node_type is {args['node_type']!r}; allowed: m5, r5 or newer, large or above, such as cache.m7g.large; "
            "change the cache's"
        )
    if problems:
        raise ValueError(f"SharedCache {name!r}: " + "; ".join(problems))
