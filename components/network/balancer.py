"""LoadBalancer: a door to functions for callers inside the network, or for those that need addresses that stay."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import ec2, lambda_, lb, vpc
from components.network.balancer_signals import alarms, widgets
from components.values import Alarm, Widget
from functions.shared.places import LOAD_BALANCER_LOGS

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.3 and 1.2 with forward secrecy only."""
HTTPS: Final = 443
_LONGEST_NAME: Final = 32
_MOST_PATHS: Final = 100


class DoorRoute(TypedDict):
    """One operation that the door leads to."""

    method: str
    """Such as POST."""
    path: str
    """Without parameters, such as `/api/v1/ml/predict`."""
    target: str
    """Key of `targets`."""


class LoadBalancerArgs(TypedDict):
    """What the load balancer needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    vpc_id: Input[str]
    """Network that it stands in."""
    vpc_cidr: str
    """Range of the network, whose callers an internal one lets in."""
    subnet_ids: Sequence[Input[str]]
    """A subnet in each of two zones or more: private ones, or public ones where `internet_facing`."""
    certificate_arn: Input[str]
    """Valid certificate of its name, in its region."""
    logs_bucket: Input[str]
    """Bucket that lets the load balancer deliver its access log below `api/load-balancer/`."""
    targets: Mapping[str, Input[str]]
    """ARNs of function aliases by name."""
    routes: Sequence[DoorRoute]
    """What it hands on; everything else is answered 404."""
    internet_facing: NotRequired[bool]
    """Whether the internet reaches it; false by default."""
    health_path: NotRequired[str]
    """Path by which it asks its functions whether they are well; none by default, since each question is a run. Global
    Accelerator moves callers to another region by the answers."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted; true by default."""


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer that speaks TLS on port 443 and nothing else, and knows a few paths."""

    group: ec2.SecurityGroup
    """Lets callers in on 443; functions are reached through Lambda, so nothing has to leave."""
    balancer: lb.LoadBalancer
    """The load balancer."""
    arn: Output[str]
    """Its ARN, for a firewall."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:LoadBalancer", name, {}, opts)
        _validate(name, args)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self.group = self._group()
        protect = args.get("protect", True)
        self.balancer = lb.LoadBalancer(
            f"{name}-balancer",
            name=f"{args['name_prefix']}-alb",
            load_balancer_type="application",
            internal=not args.get("internet_facing", False),
            ip_address_type="ipv4",
            security_groups=[self.group.id],
            subnets=list(args["subnet_ids"]),
            access_logs={
                "bucket": args["logs_bucket"],
                "prefix": LOAD_BALANCER_LOGS.rstrip("/"),
                "enabled": True,
            },
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=protect,
            # As long as a prediction may take, and a little more.
            idle_timeout=35,
            opts=ResourceOptions(parent=self, protect=protect),
        )
        self.arn = self.balancer.arn
        self._listen(self._target_groups())
        self.register_outputs({"arn": self.arn, "dns_name": self.balancer.dns_name})

    def alarms(self) -> list[Alarm]:
        """Answers that fail, and functions that do."""
        return alarms(self.balancer.arn_suffix)

    def widgets(self) -> list[Widget]:
        """Requests, failures and times."""
        return widgets(self.balancer.arn_suffix)

    def _group(self) -> ec2.SecurityGroup:
        prefix = self._args["name_prefix"]
        group = ec2.SecurityGroup(
            f"{self._name}-group",
            vpc_id=self._args["vpc_id"],
            description=f"{prefix}: the load balancer",
            tags={"Name": f"{prefix}-balancer"},
            opts=self._child,
        )
        open_to_all = self._args.get("internet_facing", False)
        vpc.SecurityGroupIngressRule(
            f"{self._name}-in",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0" if open_to_all else self._args["vpc_cidr"],
            from_port=HTTPS,
            to_port=HTTPS,
            ip_protocol="tcp",
            description="callers of predictions",
            opts=self._child,
        )
        return group

    def _target_groups(self) -> dict[str, lb.TargetGroup]:
        found = {}
        for noun, alias_arn in self._args["targets"].items():
            base = f"{self._name}-{noun}"
            group = lb.TargetGroup(
                f"{base}-target",
                name=f"{self._args['name_prefix']}-{noun}"[:_LONGEST_NAME].rstrip("-"),
                target_type="lambda",
                health_check=_asked(self._args.get("health_path")),
                opts=self._child,
            )
            arn = Output.from_input(alias_arn)
            allowed = lambda_.Permission(
                f"{base}-may",
                action="lambda:InvokeFunction",
                function=arn.apply(lambda known: known.rsplit(":", 1)[0]),
                qualifier=arn.apply(lambda known: known.rsplit(":", 1)[1]),
                principal="elasticloadbalancing.amazonaws.com",
                source_arn=group.arn,
                opts=self._child,
            )
            lb.TargetGroupAttachment(
                f"{base}-attachment",
                target_group_arn=group.arn,
                target_id=arn,
                # The load balancer tries the function when it is attached.
                opts=ResourceOptions(parent=self, depends_on=[allowed]),
            )
            found[noun] = group
        return found

    def _listen(self, groups: Mapping[str, lb.TargetGroup]) -> None:
        unknown: Any = {
            "type": "fixed-response",
            "fixed_response": {
                "content_type": "application/json",
                "message_body": json.dumps({"error": {"code": "not_found", "message": "There is nothing here."}}),
                "status_code": "404",
            },
        }
        listener = lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=self.balancer.arn,
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self._args["certificate_arn"],
            default_actions=[unknown],
            opts=self._child,
        )
        for number, route in enumerate(self._args["routes"], 1):
            noun = route["path"].strip("/").replace("/", "-")
            lb.ListenerRule(
                f"{self._name}-{route['method'].lower()}-{noun}",
                listener_arn=listener.arn,
                priority=number,
                conditions=[
                    {"http_request_method": {"values": [route["method"]]}},
                    {"path_pattern": {"values": [route["path"]]}},
                ],
                actions=[{"type": "forward", "target_group_arn": groups[route["target"]].arn}],
                opts=self._child,
            )


def _asked(path: str | None) -> Any:
    if path is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "path": path,
        "interval": 35,
        "timeout": 30,
        "healthy_threshold": 2,
        "unhealthy_threshold": 2,
        # Of the functions behind it one has the path: any answer of its own shows that a function runs.
        "matcher": "200-499",
    }


def _validate(name: str, args: LoadBalancerArgs) -> None:
    problems = []
    if len(args["name_prefix"]) > _LONGEST_NAME - len("-alb"):
        problems.append(f"name_prefix is {args['name_prefix']!r}; allowed: up to {_LONGEST_NAME - 4} characters")
    if len(args["subnet_ids"]) < 2:
        problems.append(f"subnet_ids has {len(args['subnet_ids'])}; allowed: two or more, in different zones")
    if not 1 <= len(args["routes"]) <= _MOST_PATHS:
        problems.append(f"routes has {len(args['routes'])}; allowed: 1 to {_MOST_PATHS}, the quota of a listener")
    for route in args["routes"]:
        if "{" in route["path"] or "*" in route["path"]:
            problems.append(f"routes has {route['path']!r}; allowed: paths without parameters")
        if route["target"] not in args["targets"]:
            problems.append(
                f"target of {route['path']!r} is {route['target']!r}; allowed: {', '.join(args['targets'])}"
            )
    if problems:
        raise ValueError(f"LoadBalancer {name!r}: " + "; ".join(problems))
