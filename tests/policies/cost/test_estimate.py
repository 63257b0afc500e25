"""Estimates: what each resource is charged for, who declared it, what stays unpriced."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from policies.cost import report
from policies.cost.estimate import Estimate, estimate
from policies.cost.evaluate import stack_of
from policies.cost.prices import PriceError
from policies.cost.seed import SEED, TOLERANCE
from policies.cost.usage import Usage, load
from tests.stacks.platform import STACKS, evaluated


def resource(token: str, name: str = "it", *, region: str = "us-east-1", parent: str = "", **inputs: Any) -> Any:
    urn = f"urn:pulumi:dev::mlplatform::{token}::{name}"
    return SimpleNamespace(
        urn=urn,
        type=token,
        name=name,
        inputs=inputs,
        parent=parent,
        dependencies=(),
        region=region,
        outputs={"id": name},
    )


def priced(*resources: Any, **uses: float) -> Estimate:
    return estimate(stack_of(resources), Usage(resources={"it": uses}))


def variant(**inputs: Any) -> Any:
    return resource("aws:sagemaker/endpointConfiguration:EndpointConfiguration", productionVariants=[inputs])


CASES = [
    pytest.param([resource("aws:kms/key:Key")], {}, 1.0, id="key"),
    pytest.param([variant(instanceType="ml.c5.xlarge", initialInstanceCount=2)], {}, 297.84, id="instances"),
    pytest.param(
        [variant(serverlessConfig={"memorySizeInMb": 2048, "maxConcurrency": 5})],
        {"inference_s": 1000},
        0.04,
        id="serverless endpoint",
    ),
    pytest.param(
        [resource("aws:lambda/function:Function", memorySize=1024, architectures=["arm64"])],
        {"invocations": 1e6, "total_ms": 1e8},
        0.2 + 1.33334,
        id="function",
    ),
    pytest.param([resource("aws:lambda/function:Function")], {"total_ms": 8e6}, 8000 / 8 * 0.0000166667, id="x86"),
    pytest.param(
        [resource("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Interface", subnetIds=["a", "b", "c"])],
        {},
        21.9,
        id="endpoint in three zones",
    ),
    pytest.param(
        [resource("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Gateway", routeTableIds=["a"])],
        {},
        0,
        id="gateway endpoint",
    ),
    pytest.param(
        [resource("aws:elasticache/replicationGroup:ReplicationGroup", nodeType="cache.t4g.small", numCacheClusters=2)],
        {},
        46.72,
        id="cache",
    ),
    pytest.param(
        [resource("aws:elasticache/replicationGroup:ReplicationGroup", nodeType="cache.t4g.small", engine="valkey")],
        {},
        18.688,
        id="valkey",
    ),
    pytest.param(
        [resource("aws:secretsmanager/secret:Secret", replicas=[{"region": "us-west-2"}])], {}, 0.8, id="secret"
    ),
    pytest.param([resource("aws:cloudwatch/metricAlarm:MetricAlarm", period=60)], {}, 0.1, id="alarm"),
    pytest.param([resource("aws:cloudwatch/metricAlarm:MetricAlarm", period=10)], {}, 0.3, id="fast alarm"),
    pytest.param(
        [
            resource(
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                metricQueries=[
                    {"id": "r", "expression": "a / b"},
                    {"id": "a", "metric": {"period": 60}},
                    {"id": "b", "metric": {"period": 60}},
                ],
            )
        ],
        {},
        0.2,
        id="alarm on two metrics",
    ),
    pytest.param(
        [
            resource(
                "aws:cloudwatch/metricAlarm:MetricAlarm",
                metricQueries=[
                    {"id": "band", "expression": "ANOMALY_DETECTION_BAND(a, 2)"},
                    {"id": "a", "metric": {"period": 300}},
                ],
            )
        ],
        {},
        0.3,
        id="anomaly",
    ),
    pytest.param(
        [
            resource(
                "aws:dynamodb/table:Table",
                replicas=[{"regionName": "us-west-2"}],
                pointInTimeRecovery={"enabled": True},
            )
        ],
        {"writes": 1e6, "storage_gb": 10},
        0.625 + 2.5 + 2 + 0.625 + 2.5,
        id="table with a replica",
    ),
    pytest.param([resource("aws:wafv2/webAcl:WebAcl", rules=[{}, {}, {}])], {}, 8.0, id="firewall"),
    pytest.param(
        [resource("aws:route53/healthCheck:HealthCheck", type="HTTPS", requestInterval=10)], {}, 2.5, id="check"
    ),
    pytest.param([resource("aws:cognito/userPool:UserPool", userPoolTier="PLUS")], {"users": 100}, 2.0, id="plus"),
    pytest.param([resource("aws:cognito/userPool:UserPool")], {"users": 10_100}, 1.5, id="essentials"),
    pytest.param(
        [resource("aws:apigateway/stage:Stage", cacheClusterEnabled=True, cacheClusterSize="0.5")], {}, 14.6, id="stage"
    ),
    pytest.param([resource("aws:apigateway/stage:Stage", cacheClusterSize="0.5")], {}, 0, id="stage without a cache"),
]


@pytest.mark.parametrize(("resources", "uses", "usd"), CASES)
def test_a_resource_costs_what_aws_charges(resources: list[Any], uses: dict[str, float], usd: float) -> None:
    found = priced(*resources, **uses)
    assert found.total == pytest.approx(usd)
    assert found.unpriced == ()


def test_a_serverless_database_costs_its_least_capacity_and_its_proxy_eight_units() -> None:
    cluster = resource("aws:rds/cluster:Cluster", "c", serverlessv2ScalingConfiguration={"minCapacity": 1})
    member = resource(
        "aws:rds/clusterInstance:ClusterInstance", "m", instanceClass="db.serverless", clusterIdentifier="c"
    )
    proxy = resource("aws:rds/proxy:Proxy", "p")
    assert priced(cluster, member, proxy).sums("resource") == {
        "m": pytest.approx(87.6),
        "p": pytest.approx(8 * 0.015 * 730),
        "c": 0,
    }


def test_hours_of_jobs_are_priced_by_their_instance() -> None:
    machine = resource("aws:sfn/stateMachine:StateMachine")
    usage = Usage(resources={"it": {"job_hours": {"ml.m5.large": 4, "ml.m5.xlarge": 2}}})
    assert estimate(stack_of([machine]), usage).total == pytest.approx(4 * 0.115 + 2 * 0.23)


def test_an_unknown_type_is_listed_and_not_free() -> None:
    found = priced(resource("aws:emr/cluster:Cluster"))
    assert found.lines == ()
    assert [(row.resource, row.type) for row in found.unpriced] == [("it", "aws:emr/cluster:Cluster")]
    assert "add one to policies/cost/meters/" in report.text("dev", found)


def test_an_unknown_instance_type_is_listed_and_not_free() -> None:
    found = priced(variant(instanceType="ml.x9.huge"))
    assert "'sagemaker.instance.ml.x9.huge' in us-east-1; allowed: " in found.unpriced[0].why


def test_a_resource_in_a_region_without_prices_stops_the_estimate() -> None:
    with pytest.raises(PriceError, match="region is 'mars-1'"):
        priced(resource("aws:kms/key:Key", region="mars-1"))


def test_use_that_is_not_told_is_counted_and_said() -> None:
    found = priced(resource("aws:apigateway/restApi:RestApi"))
    assert [line.what for line in found.untold] == ["requests"]
    assert "1 charges depend on use" in report.text("dev", found)


def test_a_line_belongs_to_the_outermost_component() -> None:
    outer = resource("mlplatform:index:Outer", "outer")
    inner = resource("mlplatform:index:Inner", "inner", parent=outer.urn)
    assert priced(outer, inner, resource("aws:kms/key:Key", parent=inner.urn)).sums("component") == {"outer": 1.0}


def test_a_difference_names_what_costs_more() -> None:
    before, now = (
        priced(resource("aws:kms/key:Key", "a")),
        priced(resource("aws:kms/key:Key", "a"), resource("aws:kms/key:Key", "b")),
    )
    text = report.difference("prod", "HEAD~1", now, before)
    assert "prod: 2.00 USD a month; HEAD~1: 1.00; difference +1.00" in text
    assert "b  " in text
    assert "nothing costs more or less" in report.difference("a", "b", now, now)
    document = json.loads(report.to_json("prod", now, ("HEAD~1", before)))
    assert document["against"]["resources"] == {"b": 1.0}
    assert document["total"] == 2.0


@pytest.mark.parametrize("stack", STACKS)
def test_everything_that_a_stack_declares_is_priced(stack: str) -> None:
    usage = load()
    declared = stack_of(evaluated(stack).resources)
    usage.check((node.name, node.type) for node in declared)
    found = estimate(declared, usage)
    # AWS Backup charges each restore test; no page that could be read says how much.
    assert {row.type for row in found.unpriced} <= {"aws:backup/restoreTestingPlan:RestoreTestingPlan"}
    assert found.total > 100


def test_a_second_region_is_told_apart() -> None:
    found = estimate(stack_of(evaluated("prod").resources), load())
    sums = found.sums("region")
    assert sums["us-east-1"] > sums["us-west-2"] > 0


@pytest.mark.parametrize("row", [pytest.param(row, id=row.load) for row in SEED])
def test_the_reference_load_costs_what_was_given_or_the_reason_is_told(row: Any) -> None:
    assert row.differs() == bool(row.because), f"{row.load}: {row.usd_here():.2f} for {row.usd}, {TOLERANCE:.0%}"


def test_the_given_figures_add_up() -> None:
    assert sum(row.usd for row in SEED) == pytest.approx(257.30)
