"""What stands before the platform, as any SDK reads it back from the local cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Cloud
from sandbox.ledger import Ledger
from sandbox.program import run
from sandbox.seam.create import Creator
from tests.sandbox.seam.support import answering_cloud

EVERYTHING = Path(__file__).parents[1] / "programs" / "everything"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    yield from answering_cloud()


@pytest.fixture(scope="module")
def ledger(cloud: Cloud) -> Ledger:
    return run("dev", Creator(cloud, root=EVERYTHING), root=EVERYTHING)


def test_a_distribution_has_its_origins_behaviours_and_countries(cloud: Cloud, ledger: Ledger) -> None:
    found = cloud.client("cloudfront").get_distribution(Id=ledger.exports["distribution"])["Distribution"]
    config = found["DistributionConfig"]
    assert found["DomainName"] == ledger.one("aws:cloudfront/distribution:Distribution").outputs["domainName"]
    origins = {row["Id"]: row for row in config["Origins"]["Items"]}
    assert set(origins) == {"files", "api"}
    assert origins["api"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origins["api"]["CustomHeaders"]["Items"] == [{"HeaderName": "x-mark", "HeaderValue": "text"}]
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert [row["PathPattern"] for row in config["CacheBehaviors"]["Items"]] == ["/api/*"]
    assert config["Aliases"]["Items"] == ["ml.example.org"]
    assert config["Restrictions"]["GeoRestriction"]["Items"] == ["CA", "US"]


def test_what_is_lost_of_a_distribution_is_told(ledger: Ledger) -> None:
    dropped = ledger.one("aws:cloudfront/distribution:Distribution").dropped
    assert set(dropped) == {"enabled", "origins.originAccessControlId"}
    assert "the sandbox's own edge stands for CloudFront" in dropped["enabled"]


def test_a_certificate_is_asked_for_and_names_the_record_that_proves_it(cloud: Cloud, ledger: Ledger) -> None:
    declared = ledger.one("aws:acm/certificate:Certificate")
    found = cloud.client("acm").describe_certificate(CertificateArn=declared.id)["Certificate"]
    assert found["DomainName"] == "ml.example.org"
    record = ledger.one("aws:route53/record:Record")
    assert record.inputs["name"] == declared.outputs["domainValidationOptions"][0]["resourceRecordName"]
    assert record.status == "recorded"


def test_a_load_balancer_has_its_attributes_and_its_function(cloud: Cloud, ledger: Ledger) -> None:
    client = cloud.client("elbv2")
    arn = ledger.exports["balancer"]
    (found,) = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    assert (found["Scheme"], len(found["AvailabilityZones"])) == ("internal", 2)
    given = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {row["Key"]: row["Value"] for row in given}
    assert attributes["deletion_protection.enabled"] == "true"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["idle_timeout.timeout_seconds"] == "35"
    group = ledger.one("aws:lb/targetGroup:TargetGroup")
    (target,) = client.describe_target_health(TargetGroupArn=group.id)["TargetHealthDescriptions"]
    assert target["Target"]["Id"].endswith(":function:hello:live")
    assert group.outputs["arnSuffix"].startswith("targetgroup/everything/")
    assert ledger.one("aws:lb/loadBalancer:LoadBalancer").outputs["arnSuffix"].startswith("app/everything/")


def test_the_log_of_a_distribution_is_connected_with_its_bucket(cloud: Cloud, ledger: Ledger) -> None:
    (delivery,) = cloud.client("logs").describe_deliveries()["deliveries"]
    source = ledger.one("aws:cloudwatch/logDeliverySource:LogDeliverySource")
    assert delivery["deliverySourceName"] == source.outputs.get("name", source.inputs["name"])
    assert delivery["deliveryDestinationType"] == "S3"
