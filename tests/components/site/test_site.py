"""The site: what visitors get, from where, with which headers, and what stays closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.secure_api.web_acl import MARK_HEADER
from components.site import Site, SiteArgs, files
from components.site.documents import ALL_VIEWER_EXCEPT_HOST, CACHING_DISABLED
from tests.components.recorder import Recorded, Recording, record

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
NAMED = {"domain": "ml.example.org", "certificate_arn": "arn:aws:acm:us-east-1:1:certificate/c", "zone_id": "Z1"}


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-dev",
        "api_domain": "abc123.execute-api.us-east-1.amazonaws.com",
        "logs_bucket": "logs-bucket",
        "web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1",
        **more,
    }
    given: SiteArgs = args

    def program() -> dict[str, Any]:
        site = Site("site", given)
        return {"address": site.address}

    return record(program)


def distribution(**more: Any) -> Recorded:
    return run(**more).one(DISTRIBUTION)


def test_a_site_without_name_and_files_is_exactly_this() -> None:
    assert run().counts() == {
        "aws:cloudfront/cachePolicy:CachePolicy": 1,
        "aws:cloudfront/distribution:Distribution": 1,
        "aws:cloudfront/function:Function": 1,
        "aws:cloudfront/monitoringSubscription:MonitoringSubscription": 1,
        "aws:cloudfront/originAccessControl:OriginAccessControl": 1,
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": 1,
        "aws:s3/bucket:Bucket": 1,
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
        "aws:s3/bucketLogging:BucketLogging": 1,
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
        "aws:s3/bucketPolicy:BucketPolicy": 1,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
        "aws:s3/bucketVersioning:BucketVersioning": 1,
        "mlplatform:index:Site": 1,
        "mlplatform:index:SiteBucket": 1,
    }


def test_the_bucket_lets_in_this_distribution_alone() -> None:
    recording = run()
    arn = f"arn:aws:cloudfront::123456789012:distribution/{_id(recording)}"
    document = json.loads(recording.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])
    allowed = [row for row in document["Statement"] if row["Effect"] == "Allow"]
    assert {row["Principal"]["Service"] for row in allowed} == {"cloudfront.amazonaws.com"}
    assert all(row["Condition"] == {"StringEquals": {"aws:SourceArn": [arn]}} for row in allowed)
    assert sorted(action for row in allowed for action in row["Action"]) == ["s3:GetObject", "s3:ListBucket"]


def _id(recording: Recording) -> str:
    return str(recording.one("aws:cloudfront/monitoringSubscription:MonitoringSubscription").inputs["distributionId"])


def test_files_come_signed_from_the_bucket_and_are_kept_a_day_by_path_alone() -> None:
    recording = run()
    found = recording.one(DISTRIBUTION).inputs
    control = recording.one("aws:cloudfront/originAccessControl:OriginAccessControl").inputs
    assert (control["signingBehavior"], control["signingProtocol"]) == ("always", "sigv4")
    files = found["defaultCacheBehavior"]
    assert files["viewerProtocolPolicy"] == "redirect-to-https"
    assert files["allowedMethods"] == ["GET", "HEAD"]
    assert files["compress"] is True
    policy = recording.one("aws:cloudfront/cachePolicy:CachePolicy").inputs
    assert (policy["minTtl"], policy["defaultTtl"], policy["maxTtl"]) == (0, 86400, 86400)
    key = policy["parametersInCacheKeyAndForwardedToOrigin"]
    assert key["enableAcceptEncodingBrotli"]
    assert key["enableAcceptEncodingGzip"]
    assert key["queryStringsConfig"] == {"queryStringBehavior": "none"}


def test_the_api_gets_everything_as_sent_and_nothing_of_it_is_kept() -> None:
    found = distribution().inputs
    (api,) = found["orderedCacheBehaviors"]
    assert (api["pathPattern"], api["viewerProtocolPolicy"]) == ("/api/*", "https-only")
    assert (api["cachePolicyId"], api["originRequestPolicyId"]) == (CACHING_DISABLED, ALL_VIEWER_EXCEPT_HOST)
    assert {"POST", "PUT", "DELETE"} <= set(api["allowedMethods"])
    assert "functionAssociations" not in api
    origin = next(row for row in found["origins"] if row["originId"] == api["targetOriginId"])
    assert origin["domainName"] == "abc123.execute-api.us-east-1.amazonaws.com"
    assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"
    assert "originPath" not in origin


def test_errors_of_the_api_are_not_replaced_by_pages() -> None:
    assert "customErrorResponses" not in distribution().inputs


def test_the_mark_goes_to_the_api_alone() -> None:
    origins = {row["originId"]: row for row in distribution(mark="secret-text").inputs["origins"]}
    assert origins["api"]["customHeaders"] == [{"name": MARK_HEADER, "value": "secret-text"}]
    assert "customHeaders" not in origins["files"]
    assert all("customHeaders" not in row for row in distribution().inputs["origins"])


def test_every_answer_has_the_security_headers() -> None:
    recording = run(connect_origins=["https://uploads.example.org"])
    policy = recording.one("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
    found = policy.inputs["securityHeadersConfig"]
    rules = dict(
        rule.partition(" ")[::2] for rule in found["contentSecurityPolicy"]["contentSecurityPolicy"].split("; ")
    )
    assert "unsafe" not in json.dumps(rules)
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self' https://uploads.example.org"
    assert rules["frame-ancestors"] == "'none'"
    assert found["strictTransportSecurity"]["accessControlMaxAgeSec"] >= 31_536_000
    assert found["contentTypeOptions"] == {"override": True}
    assert found["frameOptions"]["frameOption"] == "DENY"
    assert found["referrerPolicy"]["referrerPolicy"] == "strict-origin-when-cross-origin"
    (custom,) = policy.inputs["customHeadersConfig"]["items"]
    assert custom["header"] == "Permissions-Policy"
    inputs = recording.one(DISTRIBUTION).inputs
    behaviors = [inputs["defaultCacheBehavior"], *inputs["orderedCacheBehaviors"]]
    assert len({row["responseHeadersPolicyId"] for row in behaviors}) == 1


def test_a_name_brings_its_certificate_and_both_records() -> None:
    recording = run(**NAMED)
    found = recording.one(DISTRIBUTION).inputs
    assert found["aliases"] == ["ml.example.org"]
    assert found["viewerCertificate"] == {
        "acmCertificateArn": NAMED["certificate_arn"],
        "minimumProtocolVersion": "TLSv1.2_2021",
        "sslSupportMethod": "sni-only",
    }
    check = recording.one("aws:route53/healthCheck:HealthCheck").inputs
    assert (check["fqdn"], check["resourcePath"], check["type"]) == ("ml.example.org", "/index.html", "HTTPS")
    records = {row.inputs["type"]: row.inputs for row in recording.of_type("aws:route53/record:Record")}
    assert set(records) == {"A", "AAAA"}
    assert {row["zoneId"] for row in records.values()} == {"Z1"}
    assert recording.value["address"] == "https://ml.example.org"


def test_protocols_and_edges_are_as_told() -> None:
    found = distribution(price_class="PriceClass_All").inputs
    assert (found["httpVersion"], found["isIpv6Enabled"], found["defaultRootObject"]) == (
        "http2and3",
        True,
        "index.html",
    )
    # Countries are the firewall's: CloudFront's own list would turn health checks away.
    assert found["restrictions"]["geoRestriction"] == {"restrictionType": "none", "locations": []}
    assert found["priceClass"] == "PriceClass_All"


def test_another_regions_bucket_is_asked_when_the_first_fails() -> None:
    found = distribution(standby_bucket_domain="other.s3.us-west-2.amazonaws.com").inputs
    (group,) = found["originGroups"]
    assert [row["originId"] for row in group["members"]] == ["files", "files-standby"]
    assert found["defaultCacheBehavior"]["targetOriginId"] == group["originId"]
    # CloudFront refuses a group behind a behaviour that takes POST.
    assert found["orderedCacheBehaviors"][0]["targetOriginId"] == "api"


def test_built_files_are_uploaded_with_their_types_and_times(tmp_path: Path) -> None:
    for name in ("index.html", "assets/index-BdK3x9Zq.js", "favicon.ico"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    objects = run(files=files(str(tmp_path))).of_type("aws:s3/bucketObjectv2:BucketObjectv2")
    found = {row.inputs["key"]: (row.inputs["contentType"], row.inputs["cacheControl"]) for row in objects}
    assert found == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "assets/index-BdK3x9Zq.js": (
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, s-maxage=86400, immutable",
        ),
        "favicon.ico": ("image/x-icon", "public, max-age=3600, s-maxage=86400"),
    }


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match=r"Site 'site': domain without certificate_arn, zone_id; .*") as caught:
        run(domain="ml.example.org", price_class="cheap", connect_origins=["ftp://x"])
    assert "price_class is 'cheap'; allowed: PriceClass_100" in str(caught.value)
    assert "connect_origins holds ['ftp://x']" in str(caught.value)


def test_a_kept_site_refuses_to_be_deleted() -> None:
    def bucket(recording: Recording) -> tuple[bool, bool]:
        found = recording.one("aws:s3/bucket:Bucket")
        return found.protect, found.inputs["forceDestroy"]

    assert bucket(run()) == (True, False)
    assert bucket(run(protect=False)) == (False, True)
