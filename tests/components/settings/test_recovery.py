"""Settings of the second region: what would not take over is refused before anything is created."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.settings import SettingsError, load
from components.settings.regions import REGIONS, region_problems, together

GOOD: dict[str, Any] = {"region": "us-west-2"}


def loaded(recovery: Any, region: str = "us-east-1", **sections: Any) -> Any:
    given = {"recovery": recovery, **sections}
    config = {f"mlplatform:{key}": json.dumps(value) for key, value in given.items() if value is not None}
    return load("prod", {"aws:region": region, **config})


def test_a_stack_without_the_section_has_one_region() -> None:
    settings = loaded(None)
    assert settings.recovery is None
    assert settings.standby() is None


def test_the_second_region_is_the_first_one_moved_and_made_smaller() -> None:
    settings = loaded(
        {**GOOD, "cacheNodes": 2, "cacheNodeType": "cache.t4g.small", "zones": ["a", "c"]},
        network={"zones": ["a", "b", "c"]},
        cache={"nodes": 3, "multiAz": True, "nodeType": "cache.m7g.large"},
        endpoint={"minInstances": 2, "maxInstances": 5},
        functions={"predictionsConcurrency": 200},
    )
    there = settings.standby()
    assert (there.region, there.network.zones, there.network.cidr) == ("us-west-2", ("a", "c"), "10.1.0.0/16")
    assert (there.cache.nodes, there.cache.node_type, there.cache.multi_az) == (2, "cache.t4g.small", True)
    assert (there.endpoint.min_instances, there.endpoint.max_instances) == (1, 5)
    assert there.functions.predictions_concurrency is None
    assert there.training == settings.training


def test_a_single_cache_node_waits_without_a_second_zone() -> None:
    there = loaded(GOOD, network={"zones": ["a", "b"]}, cache={"nodes": 2, "multiAz": True}).standby()
    assert (there.cache.nodes, there.cache.multi_az) == (1, False)


def test_the_active_second_region_has_the_sizes_of_the_first() -> None:
    settings = loaded({**GOOD, "active": True}, network={"zones": ["a", "b"]}, cache={"nodes": 3, "multiAz": True})
    there = settings.standby()
    assert there.cache == settings.cache
    assert there.endpoint == settings.endpoint
    assert there.network.cidr == "10.1.0.0/16"


@pytest.mark.parametrize(
    ("recovery", "says"),
    [
        ({}, "recovery.region is missing; allowed: a region such as us-west-2; add it"),
        ({"region": "us-east-1"}, "recovery.region is 'us-east-1', the region of the stack itself; allowed: another"),
        ({"region": "us-west-9"}, "recovery.region is 'us-west-9'; allowed: a region of AWS"),
        ({"region": "moon"}, "recovery.region is 'moon'; allowed: a region such as us-west-2"),
        ({**GOOD, "cidr": "10.0.128.0/17"}, "recovery.cidr is '10.0.128.0/17', which overlaps network.cidr"),
        ({**GOOD, "cidr": "8.8.0.0/16"}, "recovery, as it is deployed there: network.cidr is '8.8.0.0/16'"),
        ({**GOOD, "zones": []}, "recovery, as it is deployed there: network.zones is empty"),
        ({**GOOD, "zones": ["a", "a"]}, "recovery.zones is ['a', 'a']; allowed: a list of letters"),
        ({**GOOD, "backupDays": 29}, "recovery.backupDays is 29; allowed: a whole number from 30 to 365"),
        ({**GOOD, "backupLockFinalAfterDays": 1}, "recovery.backupLockFinalAfterDays is 1; allowed"),
        ({**GOOD, "cacheNodes": 0}, "recovery.cacheNodes is 0; allowed: a whole number from 1 to 6"),
        (
            {**GOOD, "globalCache": True},
            "cache.nodeType is 'cache.t4g.micro' while recovery.globalCache is true; allowed",
        ),
        ({**GOOD, "regoin": "x"}, "recovery.regoin is unknown"),
        ("us-west-2", "recovery is 'us-west-2'; allowed: a mapping"),
    ],
)
def test_a_second_region_that_could_not_take_over_is_refused(recovery: Any, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(recovery)
    assert f"mlplatform:{says}" in str(caught.value)


def test_a_stack_with_a_second_region_keeps_what_it_promises() -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(GOOD, data={"recoveryDays": 34}, database={"backupDays": 29})
    assert "mlplatform:data.recoveryDays is 34 in a stack with recovery; allowed: 35 or more" in str(caught.value)
    assert "mlplatform:database.backupDays is 29 in a stack with recovery; allowed: 30 or more" in str(caught.value)
    # Without a second region, or without a database, nothing is promised of it.
    assert loaded(None, data={"recoveryDays": 7}, database={"backupDays": 1}).data.recovery_days == 7
    assert loaded(GOOD, database={"enabled": False, "backupDays": 1}).recovery is not None


def test_what_a_second_region_promises_is_told_beside_what_is_wrong_with_its_section() -> None:
    with pytest.raises(SettingsError) as caught:
        loaded({**GOOD, "backupDays": 10}, data={"recoveryDays": 7}, database={"backupDays": 7})
    told = [line.split()[1] for line in str(caught.value).splitlines()[1:]]
    assert told == ["mlplatform:recovery.backupDays", "mlplatform:data.recoveryDays", "mlplatform:database.backupDays"]


def test_a_shared_cache_has_one_large_type_of_node_in_both_regions() -> None:
    large = {"nodeType": "cache.r7g.xlarge"}
    with pytest.raises(SettingsError) as caught:
        loaded({**GOOD, "globalCache": True}, cache=large)
    told = (
        "mlplatform:recovery.cacheNodeType is 'cache.t4g.micro' while recovery.globalCache is true; allowed: cache.r7g"
    )
    assert told in str(caught.value)
    assert "1 problem:" in str(caught.value)
    settings = loaded({**GOOD, "globalCache": True, "cacheNodeType": "cache.r7g.xlarge"}, cache=large)
    assert settings.standby().cache.node_type == "cache.r7g.xlarge"
    # Without sharing, each region chooses for itself.
    assert loaded(GOOD, cache=large).standby().cache.node_type == "cache.t4g.micro"


def test_only_regions_of_aws_are_regions() -> None:
    assert [region for region in REGIONS if region_problems(region)] == []
    assert len(set(REGIONS)) == len(REGIONS)
    assert region_problems("us-wast-2") == [
        "is 'us-wast-2'; allowed: a region of AWS such as us-east-1; set it to us-west-2"
    ]
    assert region_problems("") == ["is missing; allowed: a region of AWS such as us-east-1; set it to us-east-1"]


@pytest.mark.parametrize(
    ("api", "says"),
    [
        ({"domain": "api.example.org"}, "api.zoneId is missing while api.domain is 'api.example.org'"),
        ({"zoneId": "Z0123456789ABC"}, "api.domain is missing while api.zoneId is 'Z0123456789ABC'"),
    ],
)
def test_a_name_of_the_api_needs_its_zone(api: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(GOOD, api=api)
    assert f"mlplatform:{says}" in str(caught.value)


def test_the_api_and_the_site_have_names_of_their_own() -> None:
    named = {"domain": "ml.example.org", "zoneId": "Z0123456789ABC"}
    with pytest.raises(SettingsError, match=r"api\.domain is 'ml\.example\.org', which is site\.domain too"):
        loaded(GOOD, api=named, site=named)


def test_regions_that_share_no_account_are_no_pair() -> None:
    with pytest.raises(SettingsError) as caught:
        loaded({"region": "cn-north-1"}, insights={"engine": "comprehend"})
    told = "mlplatform:recovery.region is 'cn-north-1' while aws:region is 'us-east-1', in another partition of AWS"
    assert told in str(caught.value)


@pytest.mark.parametrize("first", REGIONS)
def test_every_region_can_copy_to_itself_and_none_across_a_wall(first: str) -> None:
    assert together(first, first)
    assert together(first, "us-east-1") != first.startswith(("cn-", "us-gov-"))


DOOR = {"scheme": "internet-facing", "domain": "predict.example.org", "zoneId": "Z0123456789ABC"}


@pytest.mark.parametrize(
    ("recovery", "door", "says"),
    [
        (None, {**DOOR, "routing": "latency"}, "loadBalancer.routing is 'latency' without a second load balancer"),
        (GOOD, {**DOOR, "scheme": "internal", "routing": "latency"}, "loadBalancer.routing is 'latency' without a sec"),
        (GOOD, {"routing": "latency"}, "loadBalancer.scheme is 'none' while domain, accelerator or routing are given"),
        (GOOD, {**DOOR, "routing": "nearest"}, "loadBalancer.routing is 'nearest'; allowed: failover, latency"),
        ({**GOOD, "zones": ["a"]}, DOOR, "recovery.zones has 1 while loadBalancer.scheme is 'internet-facing'"),
    ],
    ids=["one-region", "internal", "none", "unknown", "one-zone-there"],
)
def test_nearness_needs_two_doors(recovery: Any, door: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(recovery, network={"zones": ["a", "b"]}, loadBalancer=door)
    assert f"mlplatform:{says}" in str(caught.value)


def test_two_doors_may_be_chosen_by_nearness() -> None:
    settings = loaded(GOOD, network={"zones": ["a", "b"]}, loadBalancer={**DOOR, "routing": "latency"})
    assert settings.load_balancer.routing == "latency"
