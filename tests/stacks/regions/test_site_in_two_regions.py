"""The site of a stack with two regions: each has the files, and the edges ask whichever answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.components.recorder import Recording
from tests.stacks.platform import artifacts, configuration, evaluated, run, shared

SECOND = "us-west-2"
BUCKET, POLICY = "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
NAMED = {"domain": "ml.example.org", "zoneId": "Z0123456789ABC"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make package` leaves, with a page of the web app."""
    directory = artifacts(tmp_path_factory.mktemp("dist"))
    (directory / "web").mkdir()
    (directory / "web" / "index.html").write_text("<!doctype html>", encoding="utf-8")
    return directory


@cache
def with_name(directory: Path) -> Recording:
    return run("prod", directory, config={"mlplatform:site": json.dumps(NAMED)})


def test_the_edges_ask_the_second_regions_bucket_when_the_first_fails() -> None:
    recording = evaluated("prod")
    found = recording.one(DISTRIBUTION).inputs
    buckets = {row.name: row for row in recording.of_type(BUCKET) if "site" in row.name}
    assert {name: row.region for name, row in buckets.items()} == {
        "site-content-bucket": "us-east-1",
        "standby-site-content-bucket": SECOND,
    }
    (group,) = found["originGroups"]
    origins = {row["originId"]: row for row in found["origins"]}
    asked = [origins[member["originId"]] for member in group["members"]]
    assert [row["domainName"].split(".s3.")[1] for row in asked] == [
        f"{r}.amazonaws.com" for r in ("us-east-1", SECOND)
    ]
    assert len({row["originAccessControlId"] for row in asked}) == 1
    assert found["defaultCacheBehavior"]["targetOriginId"] == group["originId"]


def test_both_buckets_let_in_this_distribution_alone() -> None:
    recording = evaluated("prod")
    sources = set()
    for name in ("site-content-policy", "standby-site-content-policy"):
        document = json.loads(recording.one(POLICY, name).inputs["policy"])
        allowed = [row for row in document["Statement"] if row["Effect"] == "Allow"]
        assert {row["Principal"]["Service"] for row in allowed} == {"cloudfront.amazonaws.com"}
        sources |= {row["Condition"]["StringEquals"]["aws:SourceArn"][0] for row in allowed}
    assert len(sources) == 1
    assert recording.exports["standby_site_bucket"] != recording.exports["site_bucket"]


def test_files_are_put_once_what_copies_them_stands(built: Path) -> None:
    recording = with_name(built)
    (page,) = [row for row in recording.of_type(OBJECT) if row.name == "site-content-index.html"]
    assert any(urn.endswith("::replication-site") for urn in page.dependencies)
    assert not [row for row in recording.of_type(OBJECT) if row.name.startswith("standby-site")]


def test_a_name_is_asked_from_outside_for_the_page_or_for_the_api_where_there_is_none(built: Path) -> None:
    without_page = run("prod", shared(), config={"mlplatform:site": json.dumps(NAMED)})
    for recording, path in ((with_name(built), "/index.html"), (without_page, "/api/v1/health")):
        check = recording.one("aws:route53/healthCheck:HealthCheck", "site-health").inputs
        assert (check["fqdn"], check["resourcePath"]) == ("ml.example.org", path)
        (alarm,) = [
            row for row in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm") if "site-unhealthy" in row.name
        ]
        assert alarm.region == "us-east-1"
        assert alarm.inputs["treatMissingData"] == "breaching"


def test_the_sites_api_is_that_of_the_region_that_carries_the_traffic_or_of_the_name() -> None:
    def api(config: dict[str, str]) -> tuple[str, Recording]:
        recording = run("prod", shared(), config=config)
        origins = {row["originId"]: row for row in recording.one(DISTRIBUTION).inputs["origins"]}
        return str(origins["api"]["domainName"]), recording

    active = json.loads(configuration("prod")["mlplatform:recovery"]) | {"active": True}
    assert api({})[0].endswith(".us-east-1.amazonaws.com")
    assert api({"mlplatform:recovery": json.dumps(active)})[0].endswith(f".{SECOND}.amazonaws.com")
    named, _ = api({"mlplatform:api": json.dumps({"domain": "api.example.org", "zoneId": "Z0123456789ABC"})})
    assert named == "api.example.org"
