"""CloudFront distributions: TLS on both sides, closed origins, a firewall, headers, a log; and certificates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.conditions import all_of, is_on, must_be, must_be_set
from policies.resources import Node, read, rows
from policies.rule import Rule
from policies.rules.recovery import REPLICATION

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
HEADERS = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
LOG_SOURCE = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
LOG_DELIVERY = "aws:cloudwatch/logDelivery:LogDelivery"
CERTIFICATE = "aws:acm/certificate:Certificate"
NEWEST = ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")


def behaviors(node: Node) -> list[Any]:
    """All behaviours, the default one first."""
    first = node.read("defaultCacheBehavior")
    return [*([first] if first else []), *node.rows("orderedCacheBehaviors")]


def label(behavior: Any) -> str:
    """How a message names a behaviour."""
    return f"behaviour {read(behavior, 'pathPattern', '*')!r}"


def viewers_use_tls(node: Node) -> Iterable[str]:
    """No behaviour answers over plain HTTP."""
    for row in behaviors(node):
        found = read(row, "viewerProtocolPolicy")
        if found not in {"https-only", "redirect-to-https"}:
            yield f"viewerProtocolPolicy of {label(row)} is {found!r}; allowed: 'https-only', 'redirect-to-https'"


def newest_tls(node: Node) -> Iterable[str]:
    """With a certificate of its own, viewers need TLS 1.2 of 2021 or later and name the host."""
    if not read(node.props, "viewerCertificate.acmCertificateArn"):
        return
    found = node.read("viewerCertificate.minimumProtocolVersion", "TLSv1")
    if found not in NEWEST:
        yield f"viewerCertificate.minimumProtocolVersion is {found!r}; allowed: {', '.join(map(repr, NEWEST))}"
    method = node.read("viewerCertificate.sslSupportMethod")
    if method != "sni-only":
        yield f"viewerCertificate.sslSupportMethod is {method!r}; allowed: 'sni-only'"


def own_certificate(node: Node) -> Iterable[str]:
    """The certificate is our own, since CloudFront's shared one lets old TLS in."""
    if is_on(node.props, "viewerCertificate.cloudfrontDefaultCertificate"):
        yield "viewerCertificate.cloudfrontDefaultCertificate is True, which allows TLS 1.0"


def origins_use_tls(node: Node) -> Iterable[str]:
    """Custom origins are asked over TLS 1.2 alone."""
    for row in node.rows("origins"):
        custom = read(row, "customOriginConfig")
        if not custom:
            continue
        name, policy = read(row, "originId"), read(custom, "originProtocolPolicy")
        if policy != "https-only":
            yield f"originProtocolPolicy of origin {name!r} is {policy!r}; allowed: 'https-only'"
        old = [protocol for protocol in rows(custom, "originSslProtocols") if protocol != "TLSv1.2"]
        if old:
            yield f"originSslProtocols of origin {name!r} holds {', '.join(map(str, old))}; allowed: 'TLSv1.2'"


def buckets_closed(node: Node) -> Iterable[str]:
    """Buckets are asked with a signature, and are buckets of this stack: a name that nobody has can be taken over."""
    names = {
        name
        for bucket in node.stack.of_type(*BUCKETS)
        for key in ("bucketRegionalDomainName", "bucketDomainName")
        if (name := bucket.read(key))
    }
    for row in node.rows("origins"):
        if read(row, "customOriginConfig"):
            continue
        name = read(row, "originId")
        if not read(row, "originAccessControlId"):
            yield f"origin {name!r} has no originAccessControlId"
        domain = read(row, "domainName")
        if names and domain not in names:
            yield f"domainName of origin {name!r} is {domain!r}, which is no bucket of the stack"


def logged(node: Node) -> Iterable[str]:
    """Requests are logged, by standard logging of either version."""
    if read(node.props, "loggingConfig.bucket"):
        return
    sources = node.companions(LOG_SOURCE, "resourceArn")
    if not sources:
        yield f"no loggingConfig, and no delivery source ({LOG_SOURCE}) names it in resourceArn"
    for source in sources:
        if not source.companions(LOG_DELIVERY, "deliverySourceName"):
            yield f"no delivery ({LOG_DELIVERY}) names its source {source.name!r}"


def headers_everywhere(node: Node) -> Iterable[str]:
    """Every behaviour adds the security headers."""
    for row in behaviors(node):
        if not read(row, "responseHeadersPolicyId"):
            yield f"responseHeadersPolicyId of {label(row)} is not set"


def headers_strict(policy: Node) -> Iterable[str]:
    """HSTS for a year, no sniffing, no frames, and no inline code."""
    base = "securityHeadersConfig"
    age = policy.read(f"{base}.strictTransportSecurity.accessControlMaxAgeSec", 0)
    if float(age) < 31_536_000:
        yield f"{base}.strictTransportSecurity.accessControlMaxAgeSec is {age}; allowed: 31536000 or more"
    for key in ("contentTypeOptions", "frameOptions", "referrerPolicy"):
        if not policy.read(f"{base}.{key}"):
            yield f"{base}.{key} is not set"
    text = str(policy.read(f"{base}.contentSecurityPolicy.contentSecurityPolicy", ""))
    if "default-src" not in text:
        yield f"{base}.contentSecurityPolicy has no default-src"
    for wrong in ("'unsafe-inline'", "'unsafe-eval'"):
        if wrong in text:
            yield f"{base}.contentSecurityPolicy has {wrong}"


def failover(node: Node) -> Iterable[str]:
    """Where buckets are replicated, the copy is asked when the first fails."""
    groups = [read(group, "originId") for group in node.rows("originGroups")]
    if node.stack.of_type(REPLICATION) and node.read("defaultCacheBehavior.targetOriginId") not in groups:
        yield "defaultCacheBehavior.targetOriginId is none of originGroups, so nothing is asked when its origin fails"


RULES = (
    Rule(
        id="cloudfront-viewers-use-tls",
        severity="high",
        controls=("FSBP CloudFront.3",),
        types=(DISTRIBUTION,),
        what="Every behaviour answers over HTTPS, or sends callers there.",
        why="What travels in the clear is read and changed on the way.",
        mend="set viewer_protocol_policy to https-only or redirect-to-https",
        check=viewers_use_tls,
    ),
    Rule(
        id="cloudfront-newest-tls",
        severity="medium",
        controls=("FSBP CloudFront.8",),
        types=(DISTRIBUTION,),
        what="With its own certificate a distribution wants TLS 1.2 (2021) or later, and server names.",
        why="Older protocols and ciphers are broken; an address of its own costs 600 USD a month.",
        mend="set minimum_protocol_version to TLSv1.2_2021 and ssl_support_method to sni-only",
        check=newest_tls,
    ),
    Rule(
        id="cloudfront-own-certificate",
        severity="medium",
        controls=("FSBP CloudFront.7",),
        types=(DISTRIBUTION,),
        what="A distribution has a certificate of its own.",
        why="CloudFront's shared certificate lets callers negotiate TLS 1.0.",
        mend="give the site a domain with a hosted zone, and the distribution the domain's certificate",
        check=own_certificate,
    ),
    Rule(
        id="cloudfront-origins-use-tls",
        severity="medium",
        controls=("FSBP CloudFront.9", "FSBP CloudFront.10"),
        types=(DISTRIBUTION,),
        what="Custom origins are asked over TLS 1.2 alone.",
        why="Tokens and predictions would travel in the clear, or under a broken protocol, behind the edge.",
        mend="set origin_protocol_policy to https-only and origin_ssl_protocols to TLSv1.2",
        check=origins_use_tls,
    ),
    Rule(
        id="cloudfront-buckets-closed",
        severity="high",
        controls=("FSBP CloudFront.12", "FSBP CloudFront.13"),
        types=(DISTRIBUTION,),
        scope="stack",
        what="S3 origins are buckets of the stack, asked with a signature.",
        why="Otherwise the bucket has to be public, or belongs to whoever takes a name that is free.",
        mend="add an OriginAccessControl and name it in each S3 origin",
        check=buckets_closed,
    ),
    Rule(
        id="cloudfront-behind-waf",
        severity="high",
        controls=("FSBP CloudFront.6",),
        types=(DISTRIBUTION,),
        what="Every distribution has a web ACL.",
        why="Floods, scanners and injection attempts would reach pages and API.",
        mend="set web_acl_id to the ARN of a web ACL of scope CLOUDFRONT in us-east-1",
        check=must_be_set("webAclId"),
    ),
    Rule(
        id="cloudfront-logged",
        severity="medium",
        controls=("FSBP CloudFront.5",),
        types=(DISTRIBUTION,),
        scope="stack",
        what="Every distribution logs its requests.",
        why="Without a log neither an attack nor a caller's complaint can be followed.",
        mend="add a LogDeliverySource for the distribution and a LogDelivery to a bucket",
        check=logged,
    ),
    Rule(
        id="cloudfront-root-object",
        severity="high",
        controls=("FSBP CloudFront.1",),
        types=(DISTRIBUTION,),
        what="Every distribution has a default root object.",
        why="A request for the root would list what the origin holds.",
        mend="set default_root_object to index.html",
        check=must_be_set("defaultRootObject"),
    ),
    Rule(
        id="cloudfront-failover",
        severity="low",
        controls=("FSBP CloudFront.4",),
        types=(DISTRIBUTION,),
        scope="stack",
        what="In a stack with a second region, a distribution asks another origin when the first one fails.",
        why="The site would be gone with its region.",
        mend="give the site the bucket of another region (standby_bucket_domain)",
        check=failover,
    ),
    Rule(
        id="cloudfront-headers-everywhere",
        severity="medium",
        types=(DISTRIBUTION,),
        what="Every behaviour adds the security headers.",
        why="One page without them is enough to frame the app or to run foreign code in it.",
        mend="set response_headers_policy_id in each behaviour",
        check=headers_everywhere,
    ),
    Rule(
        id="cloudfront-headers-strict",
        severity="medium",
        types=(HEADERS,),
        what="Security headers have HSTS for a year, no sniffing, no frames, and no inline code.",
        why="Each of them closes a way to run foreign code in a signed-in browser.",
        mend="complete security_headers_config, and leave 'unsafe-inline' and 'unsafe-eval' out of the content policy",
        check=headers_strict,
    ),
    Rule(
        id="acm-renews-itself",
        severity="medium",
        controls=("FSBP ACM.1", "FSBP ACM.2"),
        types=(CERTIFICATE,),
        what="Certificates are proven by DNS, with a key that is not weak.",
        why="A certificate that needs a mail to renew expires on a holiday.",
        mend="set validation_method to DNS and leave key_algorithm out, or take an EC key",
        check=all_of(
            must_be("validationMethod", "DNS"),
            must_be("keyAlgorithm", "EC_prime256v1", "EC_secp384r1", "RSA_2048", "RSA_4096", default="RSA_2048"),
        ),
    ),
)
