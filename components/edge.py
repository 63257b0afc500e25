"""What stands at CloudFront's edges, composed from a stack's settings: the site, its firewall, certificate and log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi import Input, Output

from components.foundation import Stack, lock
from components.keys import Keys
from components.observability import Observability, ObservabilityArgs
from components.region import Region
from components.secure_api import STAGE
from components.secure_api.web_acl import HEALTH_PATH, WebAcl, WebAclArgs
from components.site import PAGE, Certificate, Mark, MarkArgs, Site, SiteArgs, SiteBucket, SiteFile, SiteLog, files
from components.values import Alarm, Widget

EDGE_REGION: Final = "us-east-1"
"""Where CloudFront takes firewalls, certificates, logs and figures from, wherever the stack is."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What the stack's region watches and exports of the site; empty without one."""

    alarms: Sequence[Alarm] = ()
    """Of the site and its firewall, where the region is us-east-1: alarms hear their own region alone."""
    widgets: Sequence[Widget] = ()
    """Of the site and its firewall, likewise."""
    exports: Mapping[str, Output[str]] = field(default_factory=dict)
    """`site_url` and `site_bucket`, with a second region `standby_site_bucket`."""
    buckets: Sequence[SiteBucket] = ()
    """What holds the files: one bucket a region, the first region's first."""
    files: Sequence[SiteFile] = ()
    """What the build left to be uploaded."""

    def fill(self, after: Sequence[pulumi.Resource] = ()) -> None:
        """Declares the files, once what copies them to the second region stands: S3 replicates no older ones."""
        for bucket in self.buckets[:1]:
            bucket.upload(self.files, after)


def mark(stack: Stack, keys: Keys) -> Input[str] | None:
    """The text by which the API knows requests of the site; None without a site."""
    if not stack.settings.site.enabled:
        return None
    args: MarkArgs = {"name_prefix": stack.prefix, "key_arn": keys.arn("secrets")}
    args["protect"] = stack.settings.data.protect
    return Mark(stack.named("site-mark"), args, stack.opts).value


def publish(home: Region, away: Region | None, elsewhere: Callable[[], Stack]) -> Edge:
    """Declares the site of a stack's API, with a bucket in each of its regions; `Edge.fill` uploads the files.

    `elsewhere` places the stack in us-east-1 too; it is asked only where the region is another one.
    """
    stack = home.stack
    if not stack.settings.site.enabled:
        return Edge()
    built = files(f"{stack.settings.artifacts}/web")
    copy = None if away is None else _copy(away)
    at_edge, keys = stack, home.ground.keys
    if stack.region != EDGE_REGION:
        at_edge = elsewhere()
        keys = lock(at_edge)
    site, firewall = _site(_Doors(home, away, copy, index=bool(built)), at_edge, keys)
    exports = {"site_url": site.address, "site_bucket": site.bucket.bucket.bucket}
    if copy is not None:
        copy.let_read(site.distribution.arn)
        exports["standby_site_bucket"] = copy.bucket.bucket
    buckets = [site.bucket] if copy is None else [site.bucket, copy]
    if at_edge is not stack:
        _watch(site, firewall, at_edge, keys)
        return Edge(exports=exports, buckets=buckets, files=built)
    alarms, widgets = [*site.alarms(), *firewall.alarms()], [*site.widgets(), *firewall.widgets()]
    return Edge(alarms=alarms, widgets=widgets, exports=exports, buckets=buckets, files=built)


@dataclass(frozen=True)
class _Doors:
    """What the site leads to."""

    home: Region
    away: Region | None
    copy: SiteBucket | None
    """The second region's bucket."""
    index: bool
    """Whether there is a page to ask for."""

    def api(self) -> Output[str]:
        """The API's own name, which fails over where there are two regions, or the host of the one that is active."""
        named = self.home.stack.settings.api.domain
        if named is not None:
            return Output.from_input(named)
        active = self.away if self.away is not None and self.away.stack.active else self.home
        return active.api.host


def _logs(region: Region) -> Output[list[str]]:
    """Name and ARN of the logs bucket, known once its policy stands.

    Without the policy logs are lost, or AWS writes a policy of its own.
    """
    lake = region.ground.lake
    return Output.all(lake.bucket_name("logs"), lake.bucket_arn("logs"), lake.policies["logs"].id)


def _copy(region: Region) -> SiteBucket:
    """The bucket of the second region, filled by replication alone."""
    stack = region.stack
    return SiteBucket(
        stack.named("site-content"),
        {
            "name_prefix": stack.prefix,
            "logs_bucket": _logs(region).apply(lambda known: str(known[0])),
            "old_version_days": stack.settings.data.old_version_days,
            "protect": stack.settings.data.protect,
        },
        stack.opts,
    )


def _site(doors: _Doors, at_edge: Stack, edge_keys: Keys) -> tuple[Site, WebAcl]:
    home = doors.home
    stack, settings = home.stack, home.stack.settings
    # An empty bucket answers 404 for every page.
    asked = PAGE if doors.index else f"/{STAGE}{HEALTH_PATH}"
    guard: WebAclArgs = {
        "name_prefix": stack.prefix,
        "noun": "site",
        "key_arn": edge_keys.arn("logs"),
        "requests_per_address": settings.api.requests_per_address,
        "countries": settings.api.countries,
        "health_path": asked,
        "log_days": settings.observability.log_days,
    }
    firewall = WebAcl(stack.named("site-firewall"), guard, at_edge.opts)
    logs = _logs(home)
    args: SiteArgs = {
        "name_prefix": stack.prefix,
        "api_domain": doors.api(),
        "logs_bucket": logs.apply(lambda known: str(known[0])),
        "web_acl_arn": firewall.arn,
        "price_class": settings.site.price_class,
        "health_path": asked,
        "connect_origins": settings.site.connect_origins,
        "old_version_days": settings.data.old_version_days,
        "protect": settings.data.protect,
    }
    if doors.copy is not None:
        args["standby_bucket_domain"] = doors.copy.domain
    if stack.site_mark is not None:
        args["mark"] = stack.site_mark
    if settings.site.domain is not None and settings.site.zone_id is not None:
        named = Certificate(
            stack.named("site-certificate"),
            {"domain": settings.site.domain, "zone_id": settings.site.zone_id},
            at_edge.opts,
        )
        args["domain"], args["zone_id"] = settings.site.domain, settings.site.zone_id
        args["certificate_arn"] = named.arn
    site = Site(stack.named("site"), args, stack.opts)
    SiteLog(
        stack.named("site-log"),
        {
            "name_prefix": stack.prefix,
            "distribution_arn": site.distribution.arn,
            "bucket_arn": logs.apply(lambda known: str(known[1])),
        },
        at_edge.opts,
    )
    return site, firewall


def _watch(site: Site, firewall: WebAcl, at_edge: Stack, keys: Keys) -> None:
    """A topic, alarms and a dashboard in us-east-1, for a stack of another region."""
    heard = at_edge.settings.observability
    args: ObservabilityArgs = {
        "name_prefix": f"{at_edge.prefix}-edge",
        "key_arn": keys.arn("notifications"),
        "alarms": [*site.alarms(), *firewall.alarms()],
        "widgets": [*site.widgets(), *firewall.widgets()],
        "emails": heard.emails,
    }
    if heard.runbook_url is not None:
        args["runbook_url"] = heard.runbook_url
    Observability(at_edge.named("observability"), args, at_edge.opts)
