"""The TableAccelerator component: a DAX cluster that is encrypted, bounded and inside the network."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.tables import TableAccelerator, Tables
from components.tables.accelerator import cluster_name
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"
CLUSTER = "aws:dax/cluster:Cluster"


def run(then: Any = lambda _made: None, **more: Any) -> Recording:
    def program() -> Any:
        tables = Tables("tables", {"name_prefix": "mlplatform-dev", "key_arn": KEY})
        args: Any = {
            "name_prefix": "mlplatform-dev",
            "statements": tables.may_accelerate(),
            "subnet_ids": ["subnet-1"],
            "vpc_id": "vpc-1",
            "caller_group_id": "sg-functions",
            **more,
        }
        return then(TableAccelerator("accelerator", args))

    return record(program)


def test_children_are_exactly_these() -> None:
    recording = run()
    (parent,) = recording.of_type("mlplatform:index:TableAccelerator")
    kinds = sorted(child.type.rsplit(":", 1)[1] for child in recording.children(parent))
    rules = ["SecurityGroupEgressRule", "SecurityGroupIngressRule"]
    assert kinds == ["Cluster", "ParameterGroup", "Role", "RolePolicy", "SecurityGroup", *rules, "SubnetGroup"]


def test_functions_alone_can_connect_and_nothing_can_leave() -> None:
    recording = run()
    group = recording.one(CLUSTER).inputs["securityGroupIds"]
    way_in = recording.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    way_out = recording.one("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").inputs
    assert ([way_in["securityGroupId"]], way_in["referencedSecurityGroupId"]) == (group, "sg-functions")
    assert (way_out["securityGroupId"], [way_out["referencedSecurityGroupId"]]) == ("sg-functions", group)
    assert {(rule["fromPort"], rule["toPort"]) for rule in (way_in, way_out)} == {(9111, 9111)}


def test_the_cluster_is_encrypted_at_rest_and_on_the_way_and_has_its_own_place() -> None:
    recording = run()
    made = recording.one(CLUSTER)
    assert made.inputs["serverSideEncryption"] == {"enabled": True}
    assert made.inputs["clusterEndpointEncryptionType"] == "TLS"
    assert made.inputs["clusterName"] == made.inputs["subnetGroupName"] == "mlplatform-dev-dax"
    assert (made.inputs["nodeType"], made.inputs["replicationFactor"]) == ("dax.t3.small", 1)
    assert recording.one("aws:iam/rolePolicy:RolePolicy").urn in made.dependencies


def test_answers_are_kept_for_as_long_as_is_said() -> None:
    made = run(ttl_ms=1000).one("aws:dax/parameterGroup:ParameterGroup")
    assert {row["name"]: row["value"] for row in made.inputs["parameters"]} == {
        "query-ttl-millis": "1000",
        "record-ttl-millis": "1000",
    }


def test_its_role_is_for_dax_and_neither_scans_nor_deletes() -> None:
    recording = run()
    trust = json.loads(recording.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert [row["Principal"] for row in trust] == [{"Service": "dax.amazonaws.com"}]
    text = recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"]
    actions = {action for row in json.loads(text)["Statement"] for action in row["Action"]}
    assert {"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"} <= actions
    assert not {action for action in actions if "Scan" in action or "Delete" in action or "*" in action}
    assert len(text) <= 10_240


def test_a_caller_may_read_and_write_through_this_cluster_only() -> None:
    (granted,) = run(lambda made: made.may_use()).value
    assert granted["Resource"] == [f"arn:aws:dax:{REGION}:{ACCOUNT}:cluster/accelerator-cluster"]
    assert "dax:Scan" not in granted["Action"]


def test_a_busy_cluster_is_heard_of() -> None:
    found = run(lambda made: {"rows": made.alarms(), "which": made.alarms()[0].metric.dimensions}).value
    (alarm,) = found["rows"]
    assert (alarm.metric.namespace, alarm.metric.name, alarm.threshold) == ("AWS/DAX", "CPUUtilization", 80)
    assert found["which"] == {"ClusterId": "mlplatform-dev-dax"}


@pytest.mark.parametrize("prefix", ["mlplatform-dev", "mlplatform-staging", "a-prefix-of-26-characters-x"])
def test_names_have_at_most_twenty_characters_and_differ(prefix: str) -> None:
    name = cluster_name(prefix)
    assert len(name) <= 20
    assert name != cluster_name(f"{prefix}2")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"nodes": 0}, "nodes is 0; allowed: 1 to 11"),
        ({"nodes": 12}, "nodes is 12; allowed: 1 to 11"),
        ({"node_type": "cache.t4g.micro"}, "node_type is 'cache.t4g.micro'; allowed: a node type such as dax.t3.small"),
        ({"ttl_ms": -1}, "ttl_ms is -1; allowed: 0"),
    ],
)
def test_what_dax_does_not_have_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        run(**more)
