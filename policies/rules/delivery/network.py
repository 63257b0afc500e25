"""The network: closed from outside, nothing public by default, every flow on record."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import all_of, must_be, must_be_off, needs_companion
from policies.documents import statements
from policies.resources import Node, read, rows
from policies.rule import Rule

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
ACL = "aws:ec2/networkAcl:NetworkAcl"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
BOUNDS = frozenset({"aws:principalaccount", "aws:resourceaccount", "aws:principalorgid", "aws:resourceorgid"})
ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
HTTPS = 443
REMOTE_PORTS = (22, 3389)


def at_load_balancer(group: Node) -> bool:
    """True where a load balancer stands in the security group."""
    return any(node.refers_to("securityGroups", group) for node in group.stack.of_type(*BALANCERS))


def open_ingress(group: Node) -> Iterable[str]:
    """What a security group lets in from anywhere, in all three ways to write it."""
    found = [(row, "cidrBlocks", "ipv6CidrBlocks", "protocol") for row in group.rows("ingress")]
    found += [
        (node.props, "cidrBlocks", "ipv6CidrBlocks", "protocol")
        for node in group.companions(OLD_RULE, "securityGroupId")
        if node.read("type") == "ingress"
    ]
    found += [
        (node.props, "cidrIpv4", "cidrIpv6", "ipProtocol") for node in group.companions(INGRESS, "securityGroupId")
    ]
    for row, four, six, protocol in found:
        sources = ANYWHERE & {*rows(row, four), *rows(row, six)}
        if not sources:
            continue
        kind, first, last = str(read(row, protocol)), read(row, "fromPort"), read(row, "toPort")
        only_https = kind in {"tcp", "6"} and first is not None and int(first) == HTTPS == int(last)
        if not (only_https and at_load_balancer(group)):
            ports = "all ports" if kind == "-1" else f"{kind} {first} to {last}"
            yield f"it lets in {ports} from {', '.join(sorted(sources))}"


def default_group_empty(group: Node) -> Iterable[str]:
    """The default group lets nothing in and nothing out."""
    for direction in ("ingress", "egress"):
        if group.rows(direction):
            yield f"{direction} has {len(group.rows(direction))} rules; allowed: none"


def acl_closed(acl: Node) -> Iterable[str]:
    """No network ACL lets remote administration in from anywhere."""
    for row in acl.rows("ingress"):
        source = ANYWHERE & {read(row, "cidrBlock"), read(row, "ipv6CidrBlock")}
        whole = str(read(row, "protocol")) == "-1"
        hit = [
            port
            for port in REMOTE_PORTS
            if whole or int(read(row, "fromPort", 0)) <= port <= int(read(row, "toPort", 0))
        ]
        if source and read(row, "action") == "allow" and hit:
            yield f"ingress lets in {', '.join(map(str, hit))} from {', '.join(sorted(source))}"


def endpoint_bounded(endpoint: Node) -> Iterable[str]:
    """Its policy lets in callers, or out to resources, of named accounts alone."""
    if not endpoint.read("policy"):
        yield "policy is not set, which lets everybody reach everything through it"
        return
    for row in statements(endpoint.props.get("policy")):
        if row.allows and not row.condition_keys & BOUNDS:
            yield f"policy: {row.label} names no account in a condition; allowed: {', '.join(sorted(BOUNDS))}"


RULES = (
    Rule(
        id="network-ingress-closed",
        severity="critical",
        controls=("FSBP EC2.13", "FSBP EC2.14", "FSBP EC2.18", "FSBP EC2.19", "CIS 5.2", "CIS 5.3"),
        types=(GROUP,),
        scope="stack",
        what="No security group lets anything in from anywhere, but HTTPS to a load balancer.",
        why="Scanners find an open port within minutes.",
        mend="name the security group or the address range that may call",
        check=open_ingress,
    ),
    Rule(
        id="network-default-group-closed",
        severity="high",
        controls=("FSBP EC2.2", "CIS 5.4"),
        types=(VPC,),
        scope="stack",
        what="The default security group of every VPC lets nothing in and nothing out.",
        why="What is started without a security group gets this one.",
        mend="add a DefaultSecurityGroup for the VPC without ingress and egress",
        check=needs_companion(DEFAULT_GROUP, "vpcId", "default security group", default_group_empty),
    ),
    Rule(
        id="network-flows-logged",
        severity="medium",
        controls=("FSBP EC2.6", "CIS 3.7"),
        types=(VPC,),
        scope="stack",
        what="Every VPC records its flows, refused ones at least.",
        why="An intrusion or a wrong rule could not be seen.",
        mend="add a FlowLog for the VPC with traffic_type ALL or REJECT",
        check=needs_companion(FLOW_LOG, "vpcId", "flow log", must_be("trafficType", "ALL", "REJECT")),
    ),
    Rule(
        id="network-no-public-addresses",
        severity="medium",
        controls=("FSBP EC2.15",),
        types=(SUBNET,),
        what="No subnet gives public addresses by itself.",
        why="What is started in it would be reachable from the internet without anybody's decision.",
        mend="set map_public_ip_on_launch to False",
        check=all_of(
            must_be_off("mapPublicIpOnLaunch"),
            must_be_off("assignIpv6AddressOnCreation"),
        ),
    ),
    Rule(
        id="network-endpoints-bounded",
        severity="medium",
        controls=("ML Lens MLSEC03-BP04",),
        types=(ENDPOINT,),
        what="Endpoints let pass only callers or resources of named accounts.",
        why="An endpoint without a policy is a way out for data: to a bucket of somebody else's account.",
        mend="give the endpoint a policy with a condition on aws:PrincipalAccount or aws:ResourceAccount",
        check=endpoint_bounded,
    ),
    Rule(
        id="network-acl-closed",
        severity="medium",
        controls=("FSBP EC2.21", "CIS 5.1"),
        types=(ACL,),
        what="No network ACL lets SSH or RDP in from anywhere.",
        why="Scanners find an open port within minutes.",
        mend="name the address range that may sign in, or deny the ports",
        check=acl_closed,
    ),
)
