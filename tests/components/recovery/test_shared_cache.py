"""A shared cache: the first region's group leads, the second one's follows, and repeats nothing of it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from components.cache import Cache
from components.recovery.shared_cache import SharedCache
from tests.components.recorder import Recording, record
from tests.stacks.platform import configuration, run, shared

GLOBAL = "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
ARGS: Any = {"suffix": "mlplatform-prod-cache", "group_id": "mlplatform-prod-cache", "node_type": "cache.m7g.large"}


@cache
def prod() -> Recording:
    recovery = json.loads(configuration("prod")["mlplatform:recovery"])
    recovery |= {
        "globalCache": True,
        "cacheNodeType": json.loads(configuration("prod")["mlplatform:cache"])["nodeType"],
    }
    return run("prod", shared(), config={"mlplatform:recovery": json.dumps(recovery)})


def test_the_first_regions_group_leads_and_a_failover_replaces_nothing() -> None:
    recording = record(lambda: SharedCache("shared-cache", ARGS))
    made = recording.one(GLOBAL)
    assert made.inputs["globalReplicationGroupIdSuffix"] == "mlplatform-prod-cache"
    assert made.inputs["primaryReplicationGroupId"] == "mlplatform-prod-cache"
    assert made.ignore_changes == ("primaryReplicationGroupId",)
    assert recording.counts() == {GLOBAL: 1, "mlplatform:index:SharedCache": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"node_type": "cache.t4g.medium"}, "node_type is 'cache.t4g.medium'; allowed: m5, r5 or newer"),
        ({"node_type": "cache.m4.large"}, "node_type is 'cache.m4.large'"),
        ({"suffix": "Cache"}, "suffix is 'Cache'; allowed: lower-case letters"),
    ],
    ids=["small", "old", "name"],
)
def test_what_elasticache_would_refuse_is_refused_first(change: dict[str, Any], says: str) -> None:
    args: Any = {**ARGS, **change}
    with pytest.raises(ValueError, match="SharedCache 'shared-cache'") as caught:
        record(lambda: SharedCache("shared-cache", args))
    assert says in str(caught.value)


def test_the_second_regions_group_follows_and_repeats_nothing_of_the_first() -> None:
    recording = prod()
    (shared_group,) = recording.of_type(GLOBAL)
    first, second = (recording.one(GROUP, f"{label}cache-group") for label in ("", "standby-"))
    assert (shared_group.region, first.region, second.region) == ("us-east-1", "us-east-1", "us-west-2")
    assert "globalReplicationGroupId" not in first.inputs
    assert shared_group.urn in second.dependencies
    # The provider refuses each of them beside the global group, or AWS does.
    told = {"engine", "engineVersion", "nodeType", "parameterGroupName", "transitEncryptionEnabled"}
    assert told <= set(first.inputs)
    assert not (told | {"atRestEncryptionEnabled", "transitEncryptionMode"}) & set(second.inputs)
    assert second.inputs["kmsKeyId"] != first.inputs["kmsKeyId"]
    assert not recording.of_type("aws:elasticache/parameterGroup:ParameterGroup")[1:]


def test_a_cache_that_follows_has_no_size_of_its_own() -> None:
    args: Any = {
        "name_prefix": "mlplatform-dev",
        **{f"{noun}_arn": "arn:aws:kms:us-east-1:1:key/k" for noun in ("key", "secret_key", "log_key")},
        "subnet_ids": [],
        "security_group_ids": [],
        "global_group_id": "ldgnf-cache",
        "node_type": "cache.m7g.large",
    }
    with pytest.raises(ValueError, match=r"node_type is 'cache\.m7g\.large' with global_group_id; allowed: none"):
        record(lambda: Cache("cache", args))
