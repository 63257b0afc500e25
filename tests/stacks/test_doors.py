"""The whole program with each kind of door: a named site, a site of another region, a load balancer, none."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from policies import check
from policies.rules import RULES
from tests.components.recorder import Recording
from tests.stacks.platform import configuration, run, shared

SITE = {"domain": "ml.example.org", "zoneId": "Z0123456789ABC"}
DOOR = {"scheme": "internet-facing", "domain": "predict.example.org", "zoneId": "Z0123456789ABC", "accelerator": True}
WAYS: dict[str, dict[str, Any]] = {
    "named": {"mlplatform:site": SITE, "mlplatform:loadBalancer": DOOR, "mlplatform:api": {"countries": ["DE"]}},
    "elsewhere": {
        "aws:region": "eu-west-1",
        "mlplatform:loadBalancer": {**DOOR, "scheme": "internal", "accelerator": False},
    },
    "none": {"mlplatform:site": {"enabled": False}},
}


@cache
def evaluated(way: str) -> Recording:
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in WAYS[way].items()}
    return run("staging", shared(), config=config)


def types(recording: Recording, service: str) -> set[str]:
    return {row.type.split(":")[-1] for row in recording.resources if row.type.startswith(f"aws:{service}/")}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_passes_the_policies(way: str) -> None:
    resources = [row for row in evaluated(way).resources if row.custom]
    # The recorder does not apply the provider's default tags, which another test holds.
    report = check(resources, rules=[rule for rule in RULES if rule.id != "tags-present"])
    assert [f"{verdict.rule}: {verdict.message}" for verdict in report.broken] == []


def test_a_named_site_is_whose_pages_may_read_the_api() -> None:
    recording = evaluated("named")
    assert recording.exports["site_url"] == "https://ml.example.org"
    functions = recording.of_type("aws:lambda/function:Function")
    origins = {row.inputs["environment"]["variables"].get("CORS_ORIGIN", "https://ml.example.org") for row in functions}
    assert origins == {"https://ml.example.org"}


def test_health_checks_are_answered_although_none_comes_from_the_country_that_may_call() -> None:
    recording = evaluated("named")
    answered = set()
    for acl in recording.of_type("aws:wafv2/webAcl:WebAcl"):
        (countries,) = [row for row in acl.inputs["rules"] if row["name"] == "countries"]
        told = json.dumps(countries["statement"])
        assert '"uriPath": {}' in told, acl.name
        answered |= {path for path in ("/api/v1/health", "/index.html") if f'"searchString": "{path}"' in told}
    asked = {row.inputs["resourcePath"] for row in recording.of_type("aws:route53/healthCheck:HealthCheck")}
    assert asked
    assert asked <= answered


def test_what_cloudfront_takes_from_us_east_1_is_made_there() -> None:
    recording = evaluated("elsewhere")
    edge = recording.one("pulumi:providers:aws", "edge-aws")
    assert edge.inputs["region"] == "us-east-1"
    there = {row.name for row in recording.resources if row.provider == edge.urn and row.custom}
    wanted = {"site-firewall-acl", "site-firewall-log", "site-log-source", "site-log-delivery"}
    assert wanted <= there
    alarms = {row.name for row in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm") if "-site-" in row.name}
    assert alarms == {f"edge-observability-site-{noun}" for noun in ("blocked", "errors", "latency")}
    assert alarms <= there
    assert recording.one("aws:s3/bucket:Bucket", "site-content-bucket").provider != edge.urn


def test_the_same_region_needs_no_second_provider() -> None:
    assert len(evaluated("named").of_type("pulumi:providers:aws")) == 1


def test_without_a_site_nothing_of_it_is_left() -> None:
    recording = evaluated("none")
    assert types(recording, "cloudfront") == set()
    assert "site_url" not in recording.exports
    assert [row.name for row in recording.resources if "site" in row.name] == []
    acl = json.dumps(recording.one("aws:wafv2/webAcl:WebAcl").inputs)
    assert "x-site-mark" not in acl


def test_the_api_knows_requests_of_the_site_by_the_mark_that_cloudfront_sends() -> None:
    recording = evaluated("named")
    origins = recording.one("aws:cloudfront/distribution:Distribution").inputs["origins"]
    (sent,) = [header["value"] for row in origins for header in row.get("customHeaders", [])]
    acl = json.dumps(recording.one("aws:wafv2/webAcl:WebAcl", "api-firewall-acl").inputs)
    assert json.dumps(sent) in acl


def test_an_internet_facing_balancer_stands_in_public_subnets_behind_fixed_addresses() -> None:
    recording = evaluated("named")
    public = [row.name for row in recording.of_type("aws:ec2/subnet:Subnet") if "-public-" in row.name]
    assert len(public) == 2
    assert len(recording.one("aws:lb/loadBalancer:LoadBalancer").inputs["subnets"]) == 2
    assert types(recording, "globalaccelerator") == {"Accelerator", "Listener", "EndpointGroup"}
    (record,) = [row for row in recording.of_type("aws:route53/record:Record") if row.name == "balancer-name"]
    assert record.inputs["aliases"][0]["name"].endswith("awsglobalaccelerator.com")
    names = {row.name for row in recording.of_type("aws:wafv2/webAcl:WebAcl")}
    assert names == {"api-firewall-acl", "site-firewall-acl", "balancer-firewall-acl"}
    assert recording.exports["balancer_url"] == "https://predict.example.org/api/v1"


def test_an_internal_balancer_needs_nothing_public() -> None:
    recording = evaluated("elsewhere")
    assert not any("-public-" in row.name for row in recording.of_type("aws:ec2/subnet:Subnet"))
    assert types(recording, "globalaccelerator") == set()
    rules = recording.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert [row.inputs["cidrIpv4"] for row in rules if "cidrIpv4" in row.inputs] == [
        json.loads(configuration("staging")["mlplatform:network"]).get("cidr", "10.0.0.0/16")
    ]


def test_the_logs_bucket_lets_in_who_delivers_to_it() -> None:
    for way, services in {
        "none": set(),
        "named": {"delivery.logs.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"},
    }.items():
        policy = evaluated(way).one("aws:s3/bucketPolicy:BucketPolicy", "lake-logs-policy").inputs["policy"]
        found = {row["Principal"]["Service"] for row in json.loads(policy)["Statement"] if row["Principal"] != "*"}
        assert found - {"logging.s3.amazonaws.com", "s3.amazonaws.com"} == services
        assert ("-site-*" in policy) is (way != "none")


def test_a_preview_declares_the_same() -> None:
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in WAYS["named"].items()}
    preview = run("staging", shared(), preview=True, config=config)
    assert {row.urn for row in preview.resources} == {row.urn for row in evaluated("named").resources}
