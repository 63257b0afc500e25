"""Load balancers: TLS alone, in several zones, behind a firewall, logged, kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.conditions import must_be, must_be_on, needs_companion
from policies.resources import Node, read
from policies.rule import Rule

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
STRONG = ("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")


def deletion_protected(balancer: Node) -> Iterable[str]:
    """A load balancer that the program keeps refuses deletion by anyone else too."""
    if balancer.protected and not balancer.read("enableDeletionProtection", default=False):
        yield "the program keeps it (protect or retain_on_delete), and enableDeletionProtection is False"


def several_zones(balancer: Node) -> Iterable[str]:
    """Subnets of two zones at least."""
    count = len(balancer.rows("subnets")) + len(balancer.rows("subnetMappings"))
    if count < 2:
        yield f"subnets has {count}; allowed: 2 or more"


def logged(balancer: Node) -> Iterable[str]:
    """The access log goes to a bucket."""
    if not balancer.read("accessLogs.enabled", default=False) or not balancer.read("accessLogs.bucket"):
        yield "accessLogs is not enabled, or names no bucket"


def speaks_tls(listener: Node) -> Iterable[str]:
    """TLS 1.2 or later; plain HTTP only to send callers away."""
    protocol = listener.read("protocol", "HTTP")
    if protocol in {"HTTP", "TCP"}:
        actions: list[Any] = listener.rows("defaultActions")
        if not actions or any(read(row, "redirect.protocol") != "HTTPS" for row in actions):
            yield f"protocol is {protocol!r} and does not redirect to HTTPS"
        return
    policy = str(listener.read("sslPolicy", ""))
    if not policy.startswith(STRONG):
        yield f"sslPolicy is {policy!r}; allowed: those that begin with {' or '.join(STRONG)}"


RULES = (
    Rule(
        id="balancer-speaks-tls",
        severity="high",
        controls=("FSBP ELB.1", "FSBP ELB.17"),
        types=(LISTENER,),
        what="Listeners speak TLS 1.2 or later, or send callers to one that does.",
        why="What travels in the clear is read and changed on the way.",
        mend="set protocol HTTPS and an ssl_policy ELBSecurityPolicy-TLS13-1-2-…",
        check=speaks_tls,
    ),
    Rule(
        id="balancer-drops-bad-headers",
        severity="medium",
        controls=("FSBP ELB.4",),
        types=(BALANCER,),
        what="A load balancer drops headers that are not valid.",
        why="Requests are smuggled past the firewall by headers that two servers read differently.",
        mend="set drop_invalid_header_fields to True",
        check=must_be_on("dropInvalidHeaderFields"),
    ),
    Rule(
        id="balancer-desync-defended",
        severity="medium",
        controls=("FSBP ELB.12",),
        types=(BALANCER,),
        what="A load balancer closes connections whose requests are ambiguous.",
        why="Requests are smuggled into another caller's connection.",
        mend="set desync_mitigation_mode to defensive or strictest",
        check=must_be("desyncMitigationMode", "defensive", "strictest", default="defensive"),
    ),
    Rule(
        id="balancer-logged",
        severity="medium",
        controls=("FSBP ELB.5",),
        types=(BALANCER,),
        what="A load balancer logs its requests.",
        why="Without a log neither an attack nor a caller's complaint can be followed.",
        mend="set access_logs with a bucket that lets it write",
        check=logged,
    ),
    Rule(
        id="balancer-kept",
        severity="medium",
        controls=("FSBP ELB.6",),
        types=(BALANCER,),
        what="A load balancer that the program keeps has deletion protection.",
        why="Its address is lost with it, and every caller with the address.",
        mend="set enable_deletion_protection wherever protect is set",
        check=deletion_protected,
    ),
    Rule(
        id="balancer-several-zones",
        severity="medium",
        controls=("FSBP ELB.13",),
        types=(BALANCER,),
        what="A load balancer stands in two zones at least.",
        why="The loss of one zone would take the door away.",
        mend="give it subnets of two zones or more",
        check=several_zones,
    ),
    Rule(
        id="balancer-behind-waf",
        severity="medium",
        controls=("FSBP ELB.16",),
        types=(BALANCER,),
        scope="stack",
        what="Every load balancer stands behind a web ACL.",
        why="Floods, scanners and injection attempts would reach the functions.",
        mend="add a WebAclAssociation whose resource_arn is the load balancer's ARN",
        check=needs_companion(ASSOCIATION, "resourceArn", "web ACL association"),
    ),
)
