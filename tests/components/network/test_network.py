"""The Network component: who reaches whom, and by which way out."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.network import Network, NetworkArgs
from components.network.plan import INTERFACE_SERVICES, LETTERS, addresses
from tests.components.recorder import ACCOUNT, REGION, Recorded, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


def run(zones: int = 1, **more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-dev",
        "account_id": ACCOUNT,
        "region": REGION,
        "key_arn": KEY,
        "zones": ZONES[:zones],
        **more,
    }
    given_args: NetworkArgs = args

    def program() -> dict[str, Any]:
        network = Network("network", given_args)
        return {"subnets": network.private_subnet_ids, "groups": network.group_ids("functions", "cache")}

    return record(program)


def rules(recording: Recording, direction: str) -> list[Recorded]:
    return recording.of_type(f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule")


def test_one_zone_without_nat_is_exactly_this() -> None:
    recording = run()
    assert recording.counts() == {
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
        "aws:ec2/flowLog:FlowLog": 1,
        "aws:ec2/routeTable:RouteTable": 2,
        "aws:ec2/routeTableAssociation:RouteTableAssociation": 2,
        "aws:ec2/securityGroup:SecurityGroup": 6,
        "aws:ec2/subnet:Subnet": 2,
        "aws:ec2/vpc:Vpc": 1,
        "aws:ec2/vpcEndpoint:VpcEndpoint": 6,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 7,
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 4,
        "mlplatform:index:Network": 1,
    }
    component = recording.one("mlplatform:index:Network")
    assert len(recording.children(component)) == len(recording.resources) - 1


@pytest.mark.parametrize(("nat", "gateways", "routes"), [("none", 0, 0), ("single", 1, 4), ("perAz", 3, 4)])
def test_nat_is_made_only_where_it_is_chosen(nat: str, gateways: int, routes: int) -> None:
    recording = run(3, nat=nat)
    assert len(recording.of_type("aws:ec2/natGateway:NatGateway")) == gateways
    assert len(recording.of_type("aws:ec2/eip:Eip")) == gateways
    assert len(recording.of_type("aws:ec2/subnet:Subnet")) == 6 + gateways
    assert len(recording.of_type("aws:ec2/internetGateway:InternetGateway")) == min(gateways, 1)
    assert len(recording.of_type("aws:ec2/route:Route")) == routes


def test_a_load_balancer_that_faces_the_internet_gets_a_public_subnet_a_zone() -> None:
    recording = run(3, public=True)
    public = [s for s in recording.of_type("aws:ec2/subnet:Subnet") if "-public-" in s.name]
    assert [subnet.inputs["availabilityZone"] for subnet in public] == list(ZONES)
    assert recording.of_type("aws:ec2/natGateway:NatGateway") == []
    assert [r.name for r in recording.of_type("aws:ec2/route:Route")] == ["network-public-out"]


def test_each_zone_leaves_by_its_own_gateway_with_one_a_zone() -> None:
    ways = {r.name: r.inputs.get("natGatewayId") for r in run(3, nat="perAz").of_type("aws:ec2/route:Route")}
    private = [way for name, way in ways.items() if "private" in name]
    assert len(set(private)) == 3


def test_no_rule_lets_anybody_in_by_address() -> None:
    for nat in ("none", "single"):
        assert all("referencedSecurityGroupId" in rule.inputs for rule in rules(run(nat=nat), "Ingress"))


def test_the_cache_lets_in_functions_alone_on_its_port() -> None:
    recording = run()
    groups = {r.name: f"securitygroup-{r.name}" for r in recording.of_type("aws:ec2/securityGroup:SecurityGroup")}
    assert {"network-functions", "network-jobs", "network-cache", "network-endpoints"} <= set(groups)
    into_cache = [rule for rule in rules(recording, "Ingress") if rule.name == "network-functions-to-cache-in"]
    assert [(rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in into_cache] == [(6379, 6379)]
    assert [rule.name for rule in rules(recording, "Ingress") if "-to-cache" in rule.name] == [into_cache[0].name]


def test_the_database_lets_in_its_proxy_and_the_proxy_functions_alone() -> None:
    into = {rule.name: rule.inputs["fromPort"] for rule in rules(run(), "Ingress") if rule.inputs["fromPort"] == 5432}
    assert into == {"network-functions-to-proxy-in": 5432, "network-proxy-to-database-in": 5432}


def test_every_connection_is_allowed_at_both_ends() -> None:
    recording = run()
    out = {r.name.removesuffix("-out"): r.inputs for r in rules(recording, "Egress") if r.name.endswith("-out")}
    into = {r.name.removesuffix("-in"): r.inputs for r in rules(recording, "Ingress")}
    assert out.keys() == into.keys()
    for name, rule in out.items():
        assert rule["securityGroupId"] == into[name]["referencedSecurityGroupId"]
        assert rule["referencedSecurityGroupId"] == into[name]["securityGroupId"]
        assert rule["fromPort"] == into[name]["fromPort"]


def test_the_internet_is_open_only_with_nat() -> None:
    def wide(nat: str) -> list[str]:
        return [rule.name for rule in rules(run(nat=nat), "Egress") if "cidrIpv4" in rule.inputs]

    assert wide("none") == []
    assert wide("single") == ["network-functions-to-nat"]


def test_jobs_reach_s3_alone() -> None:
    recording = run(nat="perAz", zones=2)
    assert [rule.name for rule in rules(recording, "Egress") if "-jobs-" in rule.name] == ["network-jobs-to-s3"]


def test_the_group_that_aws_makes_has_no_rules() -> None:
    assert run().one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs.keys() == {
        "vpcId",
        "ingress",
        "egress",
    }


def test_endpoints_serve_this_account_only() -> None:
    for endpoint in run(interface_services=INTERFACE_SERVICES).of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        (statement,) = json.loads(endpoint.inputs["policy"])["Statement"]
        assert ACCOUNT in json.dumps(statement["Condition"]), endpoint.name
        assert not statement["Action"][0].startswith("*")


def test_interface_endpoints_stand_in_every_zone_and_answer_to_the_usual_names() -> None:
    found = run(3).of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    interfaces = [endpoint for endpoint in found if endpoint.inputs["vpcEndpointType"] == "Interface"]
    assert [endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-east-1.") for endpoint in interfaces] == [
        "cognito-idp",
        "elasticache",
        "sagemaker.runtime",
        "secretsmanager",
    ]
    assert all(len(endpoint.inputs["subnetIds"]) == 3 for endpoint in interfaces)
    assert all(endpoint.inputs["privateDnsEnabled"] for endpoint in interfaces)
    gateways = [endpoint for endpoint in found if endpoint not in interfaces]
    assert all(len(endpoint.inputs["routeTableIds"]) == 3 for endpoint in gateways)


def test_all_traffic_is_logged_encrypted_by_a_role_only_flow_logs_can_take() -> None:
    recording = run(retention_days=90)
    log = recording.one("aws:cloudwatch/logGroup:LogGroup").inputs
    assert (log["kmsKeyId"], log["retentionInDays"]) == (KEY, 90)
    assert recording.one("aws:ec2/flowLog:FlowLog").inputs["trafficType"] == "ALL"
    (trust,) = json.loads(recording.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": [ACCOUNT]}
    assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/*"]}
    rights = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    # A list of groups names none of them.
    assert [row["Resource"] for row in rights if row["Action"] == ["logs:DescribeLogGroups"]] == [["*"]]


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match=r"cidr is .*; zones is .*; nat is .*; interface_services has") as caught:
        run(zones=0, cidr="10.0.0.0/24", nat="some", interface_services=["ftp"])
    assert "allowed" in str(caught.value)


def test_an_unknown_group_is_told_with_those_that_exist() -> None:
    def program() -> None:
        args: Any = {"name_prefix": "p", "account_id": ACCOUNT, "region": REGION, "key_arn": KEY, "zones": ZONES}
        Network("network", args).group_ids("nobody")

    with pytest.raises(ValueError, match=r"nobody.* allowed: functions, jobs, cache, proxy, database, endpoints"):
        record(program)


def test_a_database_has_two_zones_where_everything_else_has_one() -> None:
    recording = run(data_zones=ZONES[:2])
    data = [s for s in recording.of_type("aws:ec2/subnet:Subnet") if "-data-" in s.name]
    assert [subnet.inputs["availabilityZone"] for subnet in data] == list(ZONES[:2])
    assert not any("data" in route.name for route in recording.of_type("aws:ec2/route:Route"))


def test_zones_of_another_region_are_refused() -> None:
    with pytest.raises(ValueError, match=r"data_zones is \['eu-west-1a'\]; allowed: one to 6 of us-east-1a, "):
        run(data_zones=["eu-west-1a"])


@given(st.integers(16, 22), st.integers(0, 255))
def test_ranges_lie_inside_and_apart_and_are_large_enough(prefix: int, second: int) -> None:
    block = ipaddress.IPv4Network(f"10.{second}.0.0/{prefix}")
    made = [addresses(str(block), f"us-east-1{letter}") for letter in LETTERS]
    networks = [ipaddress.IPv4Network(text) for zone in made for text in (zone.private, zone.public, zone.data)]
    assert all(network.subnet_of(block) for network in networks)
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    assert all(network.prefixlen <= 28 for network in networks)
