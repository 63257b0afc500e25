"""The load balancers of two regions behind one name: by nearness or in order, and nobody in a region that is held."""

from __future__ import annotations

import json
from functools import cache

import pytest

from components.balancing import shares
from policies import check
from policies.rules import RULES
from tests.components.recorder import Recorded, Recording
from tests.stacks.platform import configuration, run, shared

FIRST, SECOND = "us-east-1", "us-west-2"
NAME = "predict.example.org"
DOOR = {"scheme": "internet-facing", "domain": NAME, "zoneId": "Z0123456789ABC"}
RECORD, CHECK = "aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"
GROUP = "aws:globalaccelerator/endpointGroup:EndpointGroup"
TARGET = "aws:lb/targetGroup:TargetGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@cache
def prod(routing: str, *, accelerator: bool = False) -> Recording:
    """Each routing once: in order while the second region is the active one, and by nearness."""
    door = {**DOOR, "routing": routing, "accelerator": accelerator}
    recovery = json.loads(configuration("prod")["mlplatform:recovery"]) | {"active": routing == "failover"}
    return run(
        "prod",
        shared(),
        config={"mlplatform:loadBalancer": json.dumps(door), "mlplatform:recovery": json.dumps(recovery)},
    )


def records(recording: Recording) -> dict[str, Recorded]:
    """The records of the name, by region."""
    return {
        row.inputs.get("setIdentifier", ""): row
        for row in recording.of_type(RECORD)
        if row.inputs["name"] == NAME and row.inputs["type"] == "A"
    }


def checks(recording: Recording) -> dict[str, Recorded]:
    """What the records follow, by region."""
    return {row.region: row for row in recording.of_type(CHECK) if row.name.endswith("balancer-health")}


def test_each_region_has_a_door_in_public_subnets_of_its_own() -> None:
    doors = {row.region: row.inputs for row in prod("latency").of_type("aws:lb/loadBalancer:LoadBalancer")}
    assert set(doors) == {FIRST, SECOND}
    assert {len(found["subnets"]) for found in doors.values()} == {3, 2}
    firewalls = [row.region for row in prod("latency").of_type("aws:wafv2/webAcl:WebAcl") if "balancer" in row.name]
    assert sorted(firewalls) == [FIRST, SECOND]
    assert prod("latency").exports["balancer_url"] == f"https://{NAME}/api/v1"


@pytest.mark.parametrize("routing", ["failover", "latency"])
def test_the_name_follows_health_checks_of_each_door(routing: str) -> None:
    recording = prod(routing)
    found, asked = records(recording), checks(recording)
    assert set(found) == {FIRST, SECOND}
    policies = {region: row.inputs.get(f"{routing}RoutingPolicies") for region, row in found.items()}
    assert (
        policies
        == {
            "failover": {FIRST: [{"type": "PRIMARY"}], SECOND: [{"type": "SECONDARY"}]},
            "latency": {FIRST: [{"region": FIRST}], SECOND: [{"region": SECOND}]},
        }[routing]
    )
    for region, check_ in asked.items():
        told = check_.inputs
        assert (told["type"], told["resourcePath"], told["requestInterval"]) == ("HTTPS", "/api/v1/health", 10)
        (alias,) = found[region].inputs["aliases"]
        assert (alias["name"], alias["evaluateTargetHealth"]) == (told["fqdn"], False)
        assert check_.urn in found[region].dependencies


@pytest.mark.parametrize(("routing", "held"), [("failover", True), ("latency", False)])
def test_a_first_region_that_was_left_gets_no_callers_back(routing: str, held: bool) -> None:
    found = {region: row.inputs for region, row in checks(prod(routing)).items()}
    assert {region: row["invertHealthcheck"] for region, row in found.items()} == {FIRST: held, SECOND: False}
    assert {region: row["disabled"] for region, row in found.items()} == {FIRST: held, SECOND: False}


def test_a_door_that_does_not_answer_is_heard_where_the_figures_are() -> None:
    alarms = {
        row.inputs["name"]: row.region for row in prod("latency").of_type(ALARM) if "balancer-unhealthy" in row.name
    }
    assert set(alarms.values()) == {FIRST}
    assert {name.partition("balancer-")[2] for name in alarms} == {f"unhealthy-{FIRST}", f"unhealthy-{SECOND}"}


@pytest.mark.parametrize(
    ("held", "near", "percents"),
    [
        ([False, False], False, [100, 0]),
        ([False, False], True, [100, 100]),
        ([True, False], False, [0, 100]),
        ([True, False], True, [0, 100]),
        ([False], False, [100]),
    ],
)
def test_fixed_addresses_lead_where_the_name_would(held: list[bool], near: bool, percents: list[int]) -> None:
    assert shares(held, near=near) == percents


def test_fixed_addresses_know_both_doors_and_how_their_functions_are() -> None:
    recording = prod("latency", accelerator=True)
    ends = {row.inputs["endpointGroupRegion"]: row.inputs["trafficDialPercentage"] for row in recording.of_type(GROUP)}
    assert ends == {FIRST: 100, SECOND: 100}
    assert set(records(recording)) == {""}
    assert checks(recording) == {}
    # Global Accelerator goes by what the load balancers say of their functions.
    assert all(row.inputs["healthCheck"]["enabled"] for row in recording.of_type(TARGET))


def test_two_doors_pass_the_policies() -> None:
    resources = [row for row in prod("latency").resources if row.custom]
    report = check(resources, rules=[rule for rule in RULES if rule.id != "tags-present"])
    assert [f"{verdict.rule}: {verdict.message}" for verdict in report.broken] == []
