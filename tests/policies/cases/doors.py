"""CloudFront, certificates, load balancers and endpoints: what is good and bad."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.rows import Case, Row, but, row, without

BUCKET = row("aws:s3/bucket:Bucket", "files", bucketRegionalDomainName="files.s3.eu-west-1.amazonaws.com")
FILES = {"originId": "files", "domainName": "files.s3.eu-west-1.amazonaws.com", "originAccessControlId": "E1"}
TLS = {"httpPort": 80, "httpsPort": 443, "originProtocolPolicy": "https-only", "originSslProtocols": ["TLSv1.2"]}
API = {"originId": "api", "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "customOriginConfig": TLS}
BEHAVIOR = {
    "targetOriginId": "files",
    "viewerProtocolPolicy": "redirect-to-https",
    "responseHeadersPolicyId": "headers-id",
}
CERTIFICATE = {"acmCertificateArn": "arn", "minimumProtocolVersion": "TLSv1.2_2021", "sslSupportMethod": "sni-only"}
DISTRIBUTION = row(
    "aws:cloudfront/distribution:Distribution",
    "site",
    BUCKET,
    origins=[FILES, API],
    originGroups=[{"originId": "either"}],
    defaultCacheBehavior=BEHAVIOR,
    orderedCacheBehaviors=[{**BEHAVIOR, "pathPattern": "/api/*", "viewerProtocolPolicy": "https-only"}],
    viewerCertificate=CERTIFICATE,
    webAclId="acl",
    defaultRootObject="index.html",
)
SOURCE = row(
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "source",
    DISTRIBUTION,
    name="site",
    resourceArn=DISTRIBUTION.outputs["arn"],
)
DELIVERY = row("aws:cloudwatch/logDelivery:LogDelivery", "delivery", SOURCE, deliverySourceName="site")
SITE = [BUCKET, DISTRIBUTION]
LOGGED = [*SITE, SOURCE, DELIVERY]


def site(**changes: Any) -> list[Row]:
    return but(SITE, "site", **changes)


SECURITY = {
    "strictTransportSecurity": {"accessControlMaxAgeSec": 63_072_000, "override": True},
    "contentTypeOptions": {"override": True},
    "frameOptions": {"frameOption": "DENY", "override": True},
    "referrerPolicy": {"referrerPolicy": "no-referrer", "override": True},
    "contentSecurityPolicy": {"contentSecurityPolicy": "default-src 'self'", "override": True},
}
HEADERS = [row("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", "headers", securityHeadersConfig=SECURITY)]


def headers(**changes: Any) -> list[Row]:
    return but(HEADERS, "headers", securityHeadersConfig={**SECURITY, **changes})


PROVEN = [row("aws:acm/certificate:Certificate", "proven", validationMethod="DNS", keyAlgorithm="EC_prime256v1")]
BALANCER = row(
    "aws:lb/loadBalancer:LoadBalancer",
    "balancer",
    protect=True,
    subnets=["a", "b"],
    accessLogs={"bucket": "logs", "enabled": True},
    dropInvalidHeaderFields=True,
    desyncMitigationMode="defensive",
    enableDeletionProtection=True,
)
WAF = row(
    "aws:wafv2/webAclAssociation:WebAclAssociation", "waf", BALANCER, resourceArn=BALANCER.outputs["arn"], webAclArn="a"
)
DOOR = [BALANCER, WAF]
LISTENER = [
    row(
        "aws:lb/listener:Listener",
        "https",
        protocol="HTTPS",
        port=443,
        sslPolicy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        defaultActions=[{"type": "forward"}],
    )
]
AWAY = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]


def endpoint(condition: dict[str, Any] | None) -> list[Row]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": ["s3:*"], "Resource": ["*"]}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, **({"Condition": condition} if condition else {})}]}
    return [row("aws:ec2/vpcEndpoint:VpcEndpoint", "endpoint", policy=json.dumps(policy))]


EITHER = {**BEHAVIOR, "targetOriginId": "either"}
COPIED = row("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "copied", bucket="site")
MINE = endpoint({"StringEquals": {"aws:PrincipalAccount": ["123456789012"]}})
CASES = (
    Case(
        "cloudfront-viewers-use-tls",
        {"redirect": SITE},
        {
            "plain": site(defaultCacheBehavior={**BEHAVIOR, "viewerProtocolPolicy": "allow-all"}),
            "plain api": site(orderedCacheBehaviors=[{"pathPattern": "/api/*", "viewerProtocolPolicy": "allow-all"}]),
        },
        "viewerProtocolPolicy",
    ),
    Case(
        "cloudfront-newest-tls",
        {"2021": SITE, "shared": site(viewerCertificate={"cloudfrontDefaultCertificate": True})},
        {
            "2019": site(viewerCertificate={**CERTIFICATE, "minimumProtocolVersion": "TLSv1.1_2016"}),
            "own address": site(viewerCertificate={**CERTIFICATE, "sslSupportMethod": "vip"}),
        },
        "viewerCertificate",
    ),
    Case(
        "cloudfront-own-certificate",
        {"own": SITE},
        {"shared": site(viewerCertificate={"cloudfrontDefaultCertificate": True})},
        "TLS 1.0",
    ),
    Case(
        "cloudfront-origins-use-tls",
        {"tls": SITE, "buckets": site(origins=[FILES])},
        {
            "plain": site(origins=[{**API, "customOriginConfig": {**TLS, "originProtocolPolicy": "match-viewer"}}]),
            "old": site(origins=[{**API, "customOriginConfig": {**TLS, "originSslProtocols": ["SSLv3", "TLSv1.2"]}}]),
        },
        "origin 'api'",
    ),
    Case(
        "cloudfront-buckets-closed",
        {"signed": SITE, "none": site(origins=[API])},
        {
            "open": site(origins=[{key: FILES[key] for key in ("originId", "domainName")}]),
            "of nobody": site(origins=[{**FILES, "domainName": "gone.s3.eu-west-1.amazonaws.com"}]),
        },
        "origin 'files'",
    ),
    Case("cloudfront-behind-waf", {"behind": SITE}, {"none": site(webAclId=None)}, "webAclId"),
    Case(
        "cloudfront-logged",
        {"delivered": LOGGED, "legacy": site(loggingConfig={"bucket": "logs.s3.amazonaws.com"})},
        {"none": SITE, "not delivered": without(LOGGED, "delivery")},
        "no ",
    ),
    Case("cloudfront-root-object", {"set": SITE}, {"none": site(defaultRootObject=None)}, "defaultRootObject"),
    Case(
        "cloudfront-failover",
        {"either": [*site(defaultCacheBehavior=EITHER), COPIED], "one region": site(originGroups=None)},
        {"one": [*site(originGroups=None), COPIED], "unused": [*SITE, COPIED]},
        "originGroups",
    ),
    Case(
        "cloudfront-headers-everywhere",
        {"all": SITE},
        {"api without": site(orderedCacheBehaviors=[{"pathPattern": "/api/*"}])},
        "'/api/*'",
    ),
    Case(
        "cloudfront-headers-strict",
        {"all": HEADERS},
        {
            "a day": headers(strictTransportSecurity={"accessControlMaxAgeSec": 86_400}),
            "frames": headers(frameOptions=None),
            "inline": headers(
                contentSecurityPolicy={"contentSecurityPolicy": "default-src 'self'; script-src 'unsafe-inline'"}
            ),
            "no content policy": headers(contentSecurityPolicy=None),
        },
        "securityHeadersConfig",
    ),
    Case(
        "acm-renews-itself",
        {"dns": PROVEN, "rsa by default": but(PROVEN, "proven", keyAlgorithm=None)},
        {
            "mail": but(PROVEN, "proven", validationMethod="EMAIL"),
            "weak": but(PROVEN, "proven", keyAlgorithm="RSA_1024"),
        },
    ),
    Case(
        "balancer-speaks-tls",
        {"tls": LISTENER, "away": but(LISTENER, "https", protocol="HTTP", defaultActions=AWAY)},
        {
            "plain": but(LISTENER, "https", protocol="HTTP"),
            "old": but(LISTENER, "https", sslPolicy="ELBSecurityPolicy-2016-08"),
        },
    ),
    Case("balancer-drops-bad-headers", {"drops": DOOR}, {"keeps": but(DOOR, "balancer", dropInvalidHeaderFields=None)}),
    Case(
        "balancer-desync-defended",
        {"defensive": DOOR, "by default": but(DOOR, "balancer", desyncMitigationMode=None)},
        {"monitor": but(DOOR, "balancer", desyncMitigationMode="monitor")},
    ),
    Case(
        "balancer-logged",
        {"logged": DOOR},
        {"none": but(DOOR, "balancer", accessLogs=None), "off": but(DOOR, "balancer", accessLogs={"bucket": "logs"})},
        "accessLogs",
    ),
    Case("balancer-kept", {"kept": DOOR}, {"not": but(DOOR, "balancer", enableDeletionProtection=None)}),
    Case(
        "balancer-several-zones",
        {"two": DOOR},
        {"one": but(DOOR, "balancer", subnets=["a"])},
        "allowed: 2 or more",
    ),
    Case(
        "balancer-behind-waf",
        {"behind": DOOR},
        {"none": without(DOOR, "waf"), "another": but(DOOR, "waf", resourceArn="arn:other")},
        "web ACL association",
    ),
    Case(
        "network-endpoints-bounded",
        {"mine": MINE, "out to mine": endpoint({"StringEquals": {"aws:ResourceAccount": "123456789012"}})},
        {
            "none": but(MINE, "endpoint", policy=None),
            "everybody": endpoint(None),
            "by time": endpoint({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
        },
        "policy",
    ),
)
