"""Site: one address for the web app and the API, at CloudFront's edges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudfront, route53
from components.secure_api.web_acl import MARK_HEADER
from components.site import documents, health, signals
from components.site.bucket import SiteBucket
from components.site.content import SiteFile
from components.values import Alarm, Widget, formatted

PRICE_CLASSES: Final = ("PriceClass_100", "PriceClass_200", "PriceClass_All")
_FILES: Final = "files"
_STANDBY: Final = "files-standby"
_EITHER: Final = "files-either"
_API: Final = "api"


class SiteArgs(TypedDict):
    """What the site needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    api_domain: Input[str]
    """Host of the API without a path: its stage is called `api`, as the paths are."""
    logs_bucket: Input[str]
    """Bucket that takes the access log of the site's own bucket."""
    web_acl_arn: Input[str]
    """Firewall of scope CLOUDFRONT."""
    mark: NotRequired[Input[str]]
    """Text that tells the API's firewall that a request came this way; none is sent by default."""
    files: NotRequired[Sequence[SiteFile]]
    """The web app's files (`files(directory)` lists them); without them the bucket starts empty."""
    domain: NotRequired[str]
    """Name of the site; CloudFront's own name by default. Given together with certificate_arn and zone_id."""
    certificate_arn: NotRequired[Input[str]]
    """Valid certificate of the domain, in us-east-1."""
    zone_id: NotRequired[Input[str]]
    """Hosted zone that answers for the domain."""
    price_class: NotRequired[str]
    """Which edges: PriceClass_100 (North America and Europe, the default), PriceClass_200 or PriceClass_All."""
    connect_origins: NotRequired[Sequence[str]]
    """Other origins that pages may call, such as `https://uploads.example.org`; none by default."""
    standby_bucket_domain: NotRequired[Input[str]]
    """Regional domain of another region's copy of the bucket, asked when the first fails; its policy must let this
    distribution read."""
    health_path: NotRequired[str]
    """What a health check asks of a site with a domain, every 30 seconds; /index.html by default."""
    old_version_days: NotRequired[int]
    """How long replaced files stay; 30 by default."""
    protect: NotRequired[bool]
    """Whether the bucket refuses to be deleted with what it holds; true by default."""


class Site(pulumi.ComponentResource):
    """Serves the bucket's files over TLS with security headers, and hands `/api/*` to the API uncached."""

    bucket: SiteBucket
    """The private bucket; it starts empty unless the web app is built."""
    distribution: cloudfront.Distribution
    """CloudFront's distribution."""
    check: route53.HealthCheck | None
    """Asks the site by its name; None without a domain."""
    address: Output[str]
    """`https://…` without a slash at the end."""

    def __init__(self, name: str, args: SiteArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Site", name, {}, opts)
        _validate(name, args)
        self._name, self._args = name, args
        self._child = ResourceOptions(parent=self)
        bucket: Any = {key: args[key] for key in ("name_prefix", "logs_bucket")}
        options: Any = dict(args)
        bucket |= {key: options[key] for key in ("files", "old_version_days", "protect") if key in args}
        self.bucket = SiteBucket(f"{name}-content", bucket, self._child)
        self.distribution = self._distribution()
        self.bucket.let_read(self.distribution.arn)
        cloudfront.MonitoringSubscription(
            f"{name}-metrics",
            distribution_id=self.distribution.id,
            # Time of the origin and the share that the cache answers are measured only on demand.
            monitoring_subscription={
                "realtime_metrics_subscription_config": {"realtime_metrics_subscription_status": "Enabled"}
            },
            opts=self._child,
        )
        self._records()
        domain = args.get("domain")
        self.check = None
        if domain is not None:
            self.check = health.check(name, domain, args.get("health_path", health.PAGE), self._child)
        host = self.distribution.domain_name if domain is None else Output.from_input(domain)
        self.address = formatted("https://{0}", host)
        self.register_outputs({"address": self.address, "distribution_id": self.distribution.id})

    def alarms(self) -> list[Alarm]:
        """Failures and slowness; CloudWatch has the figures in us-east-1 alone, so alarms work nowhere else."""
        unhealthy = [] if self.check is None else health.alarms(self.check)
        return [*signals.alarms(self.distribution.id), *unhealthy]

    def widgets(self) -> list[Widget]:
        """Requests, shares and times."""
        return signals.widgets(self.distribution.id)

    def _distribution(self) -> cloudfront.Distribution:
        name, args = self._name, self._args
        headers = self._headers().id
        standby = "standby_bucket_domain" in args
        pages = cloudfront.Function(
            f"{name}-pages",
            name=f"{args['name_prefix']}-site-pages",
            runtime="cloudfront-js-2.0",
            comment="Gives paths of pages the app's index.html",
            code=documents.PAGES,
            publish=True,
            opts=self._child,
        )
        files: Any = documents.behavior(
            _EITHER if standby else _FILES,
            headers,
            cache_policy_id=self._cache().id,
            function_associations=[{"event_type": "viewer-request", "function_arn": pages.arn}],
        )
        api: Any = documents.api_behavior(_API, headers)
        domain = args.get("domain")
        return cloudfront.Distribution(
            f"{name}-distribution",
            comment=f"{args['name_prefix']}: web app and API",
            enabled=True,
            aliases=None if domain is None else [domain],
            default_root_object="index.html",
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=args.get("price_class", "PriceClass_100"),
            web_acl_id=args["web_acl_arn"],
            origins=self._origins(),
            origin_groups=[_group()] if standby else None,
            default_cache_behavior=files,
            ordered_cache_behaviors=[api],
            # The firewall says who is served: this knows no exception for health checks, which come from six countries.
            restrictions={"geo_restriction": {"restriction_type": "none", "locations": []}},
            viewer_certificate=self._certificate(),
            opts=self._child,
        )

    def _origins(self) -> list[Any]:
        args = self._args
        control = cloudfront.OriginAccessControl(
            f"{self._name}-access",
            name=f"{args['name_prefix']}-site",
            description="Signs what CloudFront asks the bucket for",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._child,
        )
        buckets: dict[str, Input[str]] = {_FILES: self.bucket.domain}
        if "standby_bucket_domain" in args:
            buckets[_STANDBY] = args["standby_bucket_domain"]
        found: list[Any] = [
            {"origin_id": origin, "domain_name": domain, "origin_access_control_id": control.id}
            for origin, domain in buckets.items()
        ]
        api: dict[str, Any] = {
            "origin_id": _API,
            "domain_name": args["api_domain"],
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                # API Gateway gives up after 29 s.
                "origin_read_timeout": 30,
                "origin_keepalive_timeout": 60,
            },
        }
        if "mark" in args:
            api["custom_headers"] = [{"name": MARK_HEADER, "value": args["mark"]}]
        return [*found, api]

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        policy = documents.content_security_policy(self._args.get("connect_origins", []))
        headers: Any = documents.security_headers(policy)
        return cloudfront.ResponseHeadersPolicy(
            f"{self._name}-headers",
            name=f"{self._args['name_prefix']}-site",
            comment="Security headers of pages and answers",
            security_headers_config=headers,
            custom_headers_config={
                "items": [{"header": "Permissions-Policy", "value": documents.PERMISSIONS, "override": True}]
            },
            opts=self._child,
        )

    def _cache(self) -> cloudfront.CachePolicy:
        return cloudfront.CachePolicy(
            f"{self._name}-cache",
            name=f"{self._args['name_prefix']}-site",
            comment="Files by path alone, compressed, for a day at most",
            min_ttl=0,
            default_ttl=documents.EDGE_S,
            max_ttl=documents.EDGE_S,
            parameters_in_cache_key_and_forwarded_to_origin={
                "cookies_config": {"cookie_behavior": "none"},
                "headers_config": {"header_behavior": "none"},
                "query_strings_config": {"query_string_behavior": "none"},
                "enable_accept_encoding_brotli": True,
                "enable_accept_encoding_gzip": True,
            },
            opts=self._child,
        )

    def _certificate(self) -> Any:
        if "certificate_arn" not in self._args:
            return {"cloudfront_default_certificate": True}
        return {
            "acm_certificate_arn": self._args["certificate_arn"],
            "minimum_protocol_version": "TLSv1.2_2021",
            "ssl_support_method": "sni-only",
        }

    def _records(self) -> None:
        args = self._args
        if "domain" not in args or "zone_id" not in args:
            return
        for kind in ("A", "AAAA"):
            route53.Record(
                f"{self._name}-{kind.lower()}",
                zone_id=args["zone_id"],
                name=args["domain"],
                type=kind,
                aliases=[
                    {
                        "name": self.distribution.domain_name,
                        "zone_id": self.distribution.hosted_zone_id,
                        "evaluate_target_health": False,
                    }
                ],
                opts=self._child,
            )


def _group() -> Any:
    """Both buckets; the second is asked when the first fails or cannot be reached."""
    return {
        "origin_id": _EITHER,
        "failover_criteria": {"status_codes": [500, 502, 503, 504]},
        "members": [{"origin_id": _FILES}, {"origin_id": _STANDBY}],
    }


def _validate(name: str, args: SiteArgs) -> None:
    problems = []
    path = args.get("health_path", health.PAGE)
    if not re.fullmatch(r"/[\x21-\x7e]{0,254}", path):
        problems.append(f"health_path is {path!r}; allowed: a path such as /index.html, 255 characters at most")
    together = ("domain", "certificate_arn", "zone_id")
    given = [key for key in together if key in args]
    if given and len(given) < len(together):
        missing = [key for key in together if key not in args]
        problems.append(f"{', '.join(given)} without {', '.join(missing)}; allowed: all three or none; add them")
    price_class = args.get("price_class", "PriceClass_100")
    if price_class not in PRICE_CLASSES:
        problems.append(f"price_class is {price_class!r}; allowed: {', '.join(PRICE_CLASSES)}")
    origins = [
        origin
        for origin in args.get("connect_origins", [])
        if not re.fullmatch(r"(https|wss)://[a-z0-9.*-]+(:\d+)?", origin)
    ]
    if origins:
        problems.append(f"connect_origins holds {origins}; allowed: origins such as https://uploads.example.org")
    if problems:
        raise ValueError(f"Site {name!r}: " + "; ".join(problems))
