"""What stands at CloudFront's edges, composed from a stack's settings: the site, its firewall, certificate and log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pulumi import Input, Output

from components.foundation import Stack, lock
from components.keys import Keys
from components.observability import Observability, ObservabilityArgs
from components.region import Region
from components.secure_api.web_acl import WebAcl, WebAclArgs
from components.site import Certificate, Mark, MarkArgs, Site, SiteArgs, SiteLog, files
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
    """`site_url` and `site_bucket`."""


def mark(stack: Stack, keys: Keys) -> Input[str] | None:
    """The text by which the API knows requests of the site; None without a site."""
    if not stack.settings.site.enabled:
        return None
    args: MarkArgs = {"name_prefix": stack.prefix, "key_arn": keys.arn("secrets")}
    args["protect"] = stack.settings.data.protect
    return Mark(stack.named("site-mark"), args, stack.opts).value


def publish(home: Region, elsewhere: Callable[[], Stack]) -> Edge:
    """Declares the site of a region's API.

    `elsewhere` places the stack in us-east-1 too; it is asked only where the region is another one.
    """
    stack = home.stack
    if not stack.settings.site.enabled:
        return Edge()
    if stack.region == EDGE_REGION:
        site, firewall = _site(home, stack, home.ground.keys)
        alarms, widgets = [*site.alarms(), *firewall.alarms()], [*site.widgets(), *firewall.widgets()]
        return Edge(alarms=alarms, widgets=widgets, exports=_exports(site))
    at_edge = elsewhere()
    keys = lock(at_edge)
    site, firewall = _site(home, at_edge, keys)
    _watch(site, firewall, at_edge, keys)
    return Edge(exports=_exports(site))


def _exports(site: Site) -> dict[str, Output[str]]:
    return {"site_url": site.address, "site_bucket": site.bucket.bucket.bucket}


def _site(home: Region, at_edge: Stack, edge_keys: Keys) -> tuple[Site, WebAcl]:
    stack, settings = home.stack, home.stack.settings
    guard: WebAclArgs = {
        "name_prefix": stack.prefix,
        "noun": "site",
        "key_arn": edge_keys.arn("logs"),
        "requests_per_address": settings.api.requests_per_address,
        "countries": settings.api.countries,
        "log_days": settings.observability.log_days,
    }
    firewall = WebAcl(stack.named("site-firewall"), guard, at_edge.opts)
    lake = home.ground.lake
    # Known once the policy stands: without it logs are lost, or AWS writes a policy of its own.
    logs = Output.all(lake.bucket_name("logs"), lake.bucket_arn("logs"), lake.policies["logs"].id)
    args: SiteArgs = {
        "name_prefix": stack.prefix,
        # The API's own name where it has one: with two regions, that is the one that fails over.
        "api_domain": settings.api.domain or home.api.host,
        "logs_bucket": logs.apply(lambda known: str(known[0])),
        "web_acl_arn": firewall.arn,
        "files": files(f"{settings.artifacts}/web"),
        "price_class": settings.site.price_class,
        "countries": settings.api.countries,
        "connect_origins": settings.site.connect_origins,
        "old_version_days": settings.data.old_version_days,
        "protect": settings.data.protect,
    }
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
