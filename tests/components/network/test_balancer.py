"""The load balancer: one port, one protocol, a few paths, and nothing that is open by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.balancing import CAPABILITIES, routes
from components.network import Accelerator, AcceleratorEnd, LoadBalancer, LoadBalancerArgs
from components.network.balancer import TLS_POLICY
from components.secure_api import STAGE
from functions.routes import ROUTES
from functions.shared.api import STAGE_PATH
from tests.components.recorder import ACCOUNT, REGION, Recording, record

ALIAS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlplatform-dev-predictions:live"
ROUTE = {"method": "POST", "path": "/api/v1/ml/predict", "target": "predictions"}


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-dev",
        "vpc_id": "vpc-1",
        "vpc_cidr": "10.0.0.0/16",
        "subnet_ids": ["subnet-a", "subnet-b"],
        "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c",
        "logs_bucket": "logs",
        "targets": {"predictions": ALIAS},
        "routes": [ROUTE],
        **more,
    }
    given: LoadBalancerArgs = args

    def program() -> Any:
        made = LoadBalancer("balancer", given)
        return {"alarms": [(row.name, row.runbook) for row in made.alarms()], "arn": made.arn}

    return record(program)


def test_a_door_with_one_path_is_exactly_this() -> None:
    assert run().counts() == {
        "aws:ec2/securityGroup:SecurityGroup": 1,
        "aws:lambda/permission:Permission": 1,
        "aws:lb/listener:Listener": 1,
        "aws:lb/listenerRule:ListenerRule": 1,
        "aws:lb/loadBalancer:LoadBalancer": 1,
        "aws:lb/targetGroup:TargetGroup": 1,
        "aws:lb/targetGroupAttachment:TargetGroupAttachment": 1,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 1,
        "mlplatform:index:LoadBalancer": 1,
    }


@pytest.mark.parametrize(("facing", "source"), [(False, "10.0.0.0/16"), (True, "0.0.0.0/0")])
def test_it_lets_in_https_alone_from_whom_it_is_for(facing: bool, source: str) -> None:
    recording = run(internet_facing=facing)
    rule = recording.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (443, 443, source)
    assert recording.one("aws:lb/loadBalancer:LoadBalancer").inputs["internal"] is not facing


def test_it_is_logged_protected_and_strict_about_headers() -> None:
    found = run().one("aws:lb/loadBalancer:LoadBalancer")
    assert found.inputs["accessLogs"] == {"bucket": "logs", "enabled": True, "prefix": "api/load-balancer"}
    assert found.inputs["dropInvalidHeaderFields"] is True
    assert found.inputs["desyncMitigationMode"] == "defensive"
    assert (found.inputs["enableDeletionProtection"], found.protect) == (True, True)
    assert run(protect=False).one("aws:lb/loadBalancer:LoadBalancer").inputs["enableDeletionProtection"] is False


def test_it_speaks_tls_and_hands_on_the_named_paths_alone() -> None:
    recording = run()
    listener = recording.one("aws:lb/listener:Listener").inputs
    assert (listener["port"], listener["protocol"], listener["sslPolicy"]) == (443, "HTTPS", TLS_POLICY)
    (unknown,) = listener["defaultActions"]
    assert unknown["fixedResponse"]["statusCode"] == "404"
    assert json.loads(unknown["fixedResponse"]["messageBody"])["error"]["code"] == "not_found"
    rule = recording.one("aws:lb/listenerRule:ListenerRule").inputs
    assert rule["conditions"] == [
        {"httpRequestMethod": {"values": ["POST"]}},
        {"pathPattern": {"values": ["/api/v1/ml/predict"]}},
    ]


def test_the_function_is_attached_once_it_may_be_called_and_at_its_alias() -> None:
    recording = run()
    allowed = recording.one("aws:lambda/permission:Permission")
    assert (allowed.inputs["principal"], allowed.inputs["qualifier"]) == (
        "elasticloadbalancing.amazonaws.com",
        "live",
    )
    assert allowed.inputs["function"] == ALIAS.removesuffix(":live")
    attached = recording.one("aws:lb/targetGroupAttachment:TargetGroupAttachment")
    assert attached.inputs["targetId"] == ALIAS
    assert allowed.urn in attached.dependencies


def test_its_alarms_have_a_page() -> None:
    assert run().value["alarms"] == [("balancer-errors", "balancer-errors"), ("balancer-targets", "balancer-errors")]


def test_all_problems_come_in_one_message() -> None:
    bad = {**ROUTE, "path": "/v1/models/{version}", "target": "nobody"}
    with pytest.raises(ValueError, match=r"LoadBalancer 'balancer': name_prefix is .*; subnet_ids has 1") as caught:
        run(name_prefix="x" * 29, subnet_ids=["subnet-a"], routes=[bad])
    assert "routes has '/v1/models/{version}'; allowed: paths without parameters" in str(caught.value)
    assert "is 'nobody'; allowed: predictions" in str(caught.value)
    with pytest.raises(ValueError, match="routes has 0; allowed: 1 to 100"):
        run(routes=[])


def test_the_table_of_routes_gives_the_paths() -> None:
    found = routes()
    assert ROUTE in found
    assert {row["target"] for row in found} == set(CAPABILITIES)
    assert len(found) == len([r for r in ROUTES if r.capability in CAPABILITIES and "{" not in r.path])
    assert f"/{STAGE}" == STAGE_PATH


def test_fixed_addresses_lead_to_the_balancer_and_keep_the_callers_own() -> None:
    def program() -> Any:
        ends: list[AcceleratorEnd] = [{"region": REGION, "balancer_arn": "arn:balancer"}]
        return Accelerator("fixed", {"name_prefix": "mlplatform-prod", "ends": ends}).accelerator.dns_name

    recording = record(program)
    group = recording.one("aws:globalaccelerator/endpointGroup:EndpointGroup").inputs
    assert (group["endpointGroupRegion"], group["trafficDialPercentage"]) == (REGION, 100)
    assert group["endpointConfigurations"] == [
        {"endpointId": "arn:balancer", "weight": 128, "clientIpPreservationEnabled": True}
    ]
    listener = recording.one("aws:globalaccelerator/listener:Listener").inputs
    assert (listener["protocol"], listener["portRanges"]) == ("TCP", [{"fromPort": 443, "toPort": 443}])


def test_functions_are_asked_whether_they_are_well_only_where_callers_can_be_moved() -> None:
    plain, asked = (
        run(**more).one("aws:lb/targetGroup:TargetGroup").inputs["healthCheck"]
        for more in ({}, {"health_path": "/api/v1/health"})
    )
    assert plain == {"enabled": False}
    assert (asked["enabled"], asked["path"], asked["matcher"]) == (True, "/api/v1/health", "200-499")
    # What Elastic Load Balancing takes for functions: an answer within the interval.
    assert asked["timeout"] < asked["interval"] <= 300


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ([], "ends are in []; allowed: one or more"),
        ([("us-east-1", 100), ("us-east-1", 0)], "ends are in ['us-east-1', 'us-east-1']"),
        ([("us-east-1", 0), ("us-west-2", 0)], "share_percent of ends is [0, 0]; allowed: 0 to 100, and not 0 everywh"),
        ([("us-east-1", 101)], "share_percent of ends is [101]"),
    ],
    ids=["none", "twice", "nowhere", "too-much"],
)
def test_addresses_that_would_lead_nowhere_are_refused(ends: list[tuple[str, int]], says: str) -> None:
    given: list[AcceleratorEnd] = [
        {"region": region, "balancer_arn": "arn", "share_percent": share} for region, share in ends
    ]
    with pytest.raises(ValueError, match="Accelerator 'fixed'") as caught:
        record(lambda: Accelerator("fixed", {"name_prefix": "mlplatform-prod", "ends": given}))
    assert says in str(caught.value)
