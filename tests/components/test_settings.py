"""Settings: what a stack's file may say, and how everything wrong in it is told at once."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.kinds import camel
from components.ml_endpoint import Hosting
from components.settings import SettingsError, load
from components.settings.governance.watch import Watch
from components.settings.sections import Api, Cache, Data, Functions, Network, Settings, Training
from components.values import RETENTION_DAYS
from tests.stacks.platform import STACKS, configuration

SECTIONS: dict[str, Any] = {
    "network": Network,
    "data": Data,
    "cache": Cache,
    "training": Training,
    "api": Api,
    "functions": Functions,
    "observability": Watch,
    "endpoint": Hosting,
}


def loaded(region: Any = "us-east-1", **sections: Any) -> Settings:
    config = {
        f"mlplatform:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in sections.items()
    }
    return load("dev", {"aws:region": region, **config})


def problems(region: Any = "us-east-1", **sections: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(region, **sections)
    head, *rest = str(caught.value).splitlines()
    assert head.startswith("Pulumi.dev.yaml has ")
    assert head.split()[2] == str(len(rest))
    return [line.removeprefix("  - ") for line in rest]


def test_a_region_alone_gives_working_settings() -> None:
    settings = loaded()
    assert settings.network.cidr == "10.0.0.0/16"
    assert settings.data.protect is True


@pytest.mark.parametrize("stack", STACKS)
def test_stacks_on_record_are_right(stack: str) -> None:
    settings = load(stack, configuration(stack))
    assert settings.data.glacier_days == 90
    assert settings.data.infrequent_access_days == 30
    assert 30 <= settings.data.log_days <= 180


def test_production_stands_in_several_zones_and_scales() -> None:
    prod = load("prod", configuration("prod"))
    assert len(prod.network.zones) == 3
    assert prod.cache.multi_az
    assert (prod.endpoint.instance_type, prod.endpoint.max_instances) == ("ml.c5.xlarge", 5)
    assert prod.data.protect


def test_development_stands_in_one_zone_without_instances() -> None:
    dev = load("dev", configuration("dev"))
    assert dev.network.zones == ("a",)
    assert dev.endpoint.mode == "serverless"
    assert not dev.data.protect


def test_everything_wrong_is_told_at_once() -> None:
    found = problems(
        region="nowhere",
        netwrk={},
        network={"cidr": 5, "zones": ["a", "a"], "nat": "PerAZ", "zons": []},
        cache={"nodes": True, "nodeType": "big"},
        endpoint={"minInstnces": 1},
        tags={"Owner": 1},
        api="hello",
    )
    assert len(found) == 11
    for part in ("aws:region", "netwrk", "network.cidr", "network.zones", "network.nat", "network.zons", "cache.nodes"):
        assert any(part in line for line in found), part


def test_what_does_not_fit_is_told_beside_what_cannot_be_read_but_nothing_of_defaults() -> None:
    found = problems(
        data={"logDays": "many"},
        # Two nodes were asked for, by a key that is wrong: one is only the default.
        cache={"nods": 2, "multiAz": True},
        network={"cidr": "10.0.0.5/16"},
        recovery={"regoin": "us-west-2", "cidr": "10.0.0.0/16"},
    )
    told = [line.split(" ")[0].removeprefix("mlplatform:") for line in found]
    assert told == ["data.logDays", "cache.nods", "recovery.regoin", "recovery.region", "network.cidr"]
    (line,) = problems(network={"cidr": "10.0.0.5/16"})
    assert line.endswith("has host bits set; set it to 10.0.0.0/16")
    (line,) = problems(network={"cidr": "10.0.0/x"})
    assert line.endswith("set it to four numbers from 0 to 255 and a length")


@pytest.mark.parametrize(
    ("section", "key", "near"),
    [
        ("network", "interfaceEndpoint", "interfaceEndpoints"),
        ("cache", "nodetype", "nodeType"),
        ("data", "logsDays", "logDays"),
        ("endpoint", "instanceTypes", "instanceType"),
    ],
)
def test_a_mistyped_key_is_told_with_the_nearest_one(section: str, key: str, near: str) -> None:
    (line,) = problems(**{section: {key: 1}})
    assert line.startswith(f"mlplatform:{section}.{key} is unknown; allowed: ")
    assert line.endswith(f"rename it to {near}")


def test_a_mistyped_section_is_told_with_the_nearest_one() -> None:
    (line,) = problems(observabilty={})
    assert line.endswith("rename it to observability")


def test_a_key_like_no_other_is_to_be_removed() -> None:
    (line,) = problems(network={"qqqqqq": 1})
    assert line.endswith("remove it")


def test_other_namespaces_are_not_ours() -> None:
    assert load("dev", {"aws:region": "us-east-1", "aws:profile": "x", "other:network": "y"}).network == Network()


def test_a_choice_in_other_letters_is_told_with_the_right_one() -> None:
    (line,) = problems(network={"nat": "PERAZ"})
    assert line == "mlplatform:network.nat is 'PERAZ'; allowed: none, single, perAz; did you mean perAz?"


@pytest.mark.parametrize("region", ["", "us-east", "us-east-1a", "US-EAST-1", "moon-1"])
def test_a_region_that_is_none_is_refused(region: str) -> None:
    assert any("aws:region" in line for line in problems(region=region))


@pytest.mark.parametrize("section", sorted(SECTIONS))
@pytest.mark.parametrize("value", ["text", "[1]", "3", "null", "{"], ids=["text", "list", "number", "null", "broken"])
def test_a_section_that_is_no_mapping_is_refused(section: str, value: str) -> None:
    if value == "null":
        assert loaded(**{section: value}) == loaded()
        return
    (line,) = problems(**{section: value})
    assert line.startswith(f"mlplatform:{section} is ")


@pytest.mark.parametrize(
    ("sections", "part"),
    [
        ({"cache": {"multiAz": True, "nodes": 1}, "network": {"zones": ["a", "b"]}}, "cache.nodes is 1"),
        ({"cache": {"multiAz": True, "nodes": 2}}, "network.zones has 1"),
        ({"network": {"zones": []}}, "network.zones is empty"),
        (
            {"network": {"interfaceEndpoints": ["kms"]}},
            "lacks cognito-idp, elasticache, sagemaker.runtime, secretsmanager",
        ),
        ({"network": {"cidr": "10.0.0.1/16"}}, "has host bits set"),
        ({"network": {"cidr": "10.0.0.0/8"}}, "change the length"),
        ({"network": {"cidr": "10.0.0.0/23"}}, "change the length"),
        ({"network": {"cidr": "8.8.0.0/16"}}, "choose one inside"),
        ({"network": {"cidr": "172.17.0.0/20"}}, "is used inside"),
        ({"cache": {"maintenanceWindow": "sun:05:00-sun:05:30"}}, "30 min"),
        ({"cache": {"snapshotWindow": "03:00-03:30"}}, "cache.snapshotWindow"),
        ({"cache": {"snapshotWindow": "05:30-06:30"}}, "outside of cache.maintenanceWindow"),
        ({"endpoint": {"mode": "serverless", "memoryMb": 1500}}, "memory_mb is 1500; allowed: 1024"),
        ({"endpoint": {"mode": "server"}}, "mode is 'server'"),
        ({"endpoint": {"minInstances": 3, "maxInstances": 2}}, "min_instances"),
        ({"training": {"maxRuntimeS": 7200, "maxWaitS": 3600}}, "training.maxWaitS"),
        ({"training": {"algorithms": []}}, "training.algorithms is empty"),
        ({"api": {"requestsPerSecond": 1000, "burst": 5}}, "api.burst is 5"),
        ({"tags": {"Project": "x"}}, "tags.Project is set by the program"),
        ({"tags": {"aws:x": "x"}}, "not beginning with aws:"),
        ({"tags": {f"t{index}": "x" for index in range(41)}}, "at most 40"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_cannot_go_together_are_refused(sections: dict[str, Any], part: str) -> None:
    (line,) = problems(**sections)
    assert part in line


def test_windows_over_midnight_are_understood() -> None:
    cache = loaded(
        cache={"snapshotWindow": "23:30-00:30", "maintenanceWindow": "sat:23:00-sun:02:00", "snapshotDays": 0}
    )
    assert cache.cache.snapshot_window == "23:30-00:30"
    (line,) = problems(cache={"snapshotWindow": "23:30-00:30", "maintenanceWindow": "sat:23:00-sun:02:00"})
    assert "outside of" in line


def test_a_secret_value_is_refused_and_not_shown() -> None:
    from pulumi.runtime.config import set_all_config

    set_all_config({}, ["mlplatform:api"])
    try:
        (line,) = problems(api={"corsOrigins": ["hunter2"]})
    finally:
        set_all_config({}, [])
    assert "hunter2" not in line
    assert "is encrypted" in line


@given(st.integers())
def test_only_retentions_that_cloudwatch_has_are_taken(days: int) -> None:
    if days in RETENTION_DAYS:
        assert loaded(observability={"logDays": days}).observability.log_days == days
    else:
        assert len(problems(observability={"logDays": days})) == 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_threshold_is_a_share(threshold: float) -> None:
    if 0 <= threshold <= 1:
        assert loaded(training={"threshold": threshold}).training.threshold == threshold
    else:
        assert len(problems(training={"threshold": threshold})) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SECTIONS, "tags", "other"]), json_values))
def test_any_file_gives_settings_or_one_message(sections: dict[str, Any]) -> None:
    try:
        settings = loaded(**sections)
    except SettingsError as error:
        lines = str(error).splitlines()
        assert len(lines) > 1
        assert all("; " in line for line in lines[1:])
    else:
        assert settings.region == "us-east-1"


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_any_value_under_any_key_gives_settings_or_names_the_key(section: str) -> None:
    keys = st.sampled_from([camel(item.name) for item in fields(SECTIONS[section])])

    @given(keys, json_values)
    def holds(key: str, value: Any) -> None:
        told = ""
        try:
            loaded(**{section: {key: value}})
        except SettingsError as error:
            told = str(error)
        assert told == "" or f"mlplatform:{section}" in told

    holds()
