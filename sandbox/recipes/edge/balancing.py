"""Load balancers with their listeners, rules and targets."""

from __future__ import annotations

from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_NO_LOAD = "no request passes a load balancer in the sandbox"
_ATTRIBUTES = {
    "desyncMitigationMode": "routing.http.desync_mitigation_mode",
    "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
    "enableDeletionProtection": "deletion_protection.enabled",
    "idleTimeout": "idle_timeout.timeout_seconds",
}


def _attributes(work: Work) -> None:
    """What is switched on a load balancer once it stands."""
    declared = {key: work.inputs[field] for field, key in _ATTRIBUTES.items() if work.inputs.get(field) is not None}
    texts = [
        {"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)}
        for key, value in declared.items()
    ]
    if texts:
        work.call("elbv2.modify_load_balancer_attributes", LoadBalancerArn=work.id, Attributes=texts)


def _targets(work: Work) -> None:
    """A group of functions has neither port nor network."""
    check = work.inputs.get("healthCheck") or {}
    work.parameters = {
        "Name": work.inputs["name"],
        "TargetType": work.inputs.get("targetType") or "instance",
        **({"HealthCheckEnabled": check["enabled"]} if "enabled" in check else {}),
    }


def _attachment(work: Work) -> None:
    work.parameters = {
        "TargetGroupArn": work.inputs["targetGroupArn"],
        "Targets": [{"Id": work.inputs["targetId"]}],
    }


_LOADBALANCER_ARN = "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hash:16}"


def _suffix(kind: str) -> Any:
    """The part of an ARN that CloudWatch's dimensions take."""

    def part(work: Work) -> str:
        arn = str(work.outputs.get("arn") or work.id)
        return arn.split(f"{kind}/", 1)[1] if kind == "loadbalancer" else arn.rsplit(":", 1)[1]

    return part


ROWS = {
    "aws:lb/loadBalancer:LoadBalancer": Recipe(
        call="elbv2.create_load_balancer",
        by_hand=hands("internal", *_ATTRIBUTES),
        lost={"accessLogs": _NO_LOAD},
        shape=lambda work: work.parameters.update(
            Scheme="internal" if work.inputs.get("internal") else "internet-facing",
            Type=work.inputs.get("loadBalancerType") or "application",
        ),
        after=_attributes,
        id=Answer("LoadBalancers.0.LoadBalancerArn", _LOADBALANCER_ARN),
        outputs={
            "arn": "{id}",
            "arnSuffix": _suffix("loadbalancer"),
            "dnsName": Answer("LoadBalancers.0.DNSName", "{name}-1.{region}.elb.amazonaws.com"),
            "zoneId": lambda _work: "Z35SXDOTRQ7X7K",
        },
    ),
    "aws:lb/targetGroup:TargetGroup": Recipe(
        call="elbv2.create_target_group",
        by_hand=hands("healthCheck", "targetType"),
        shape=_targets,
        id=Answer(
            "TargetGroups.0.TargetGroupArn",
            "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{hash:16}",
        ),
        outputs={"arn": "{id}", "arnSuffix": _suffix("targetgroup")},
    ),
    "aws:lb/targetGroupAttachment:TargetGroupAttachment": Recipe(
        call="elbv2.register_targets",
        by_hand=hands("targetId"),
        shape=_attachment,
        id="{targetGroupArn}-{hash:8}",
    ),
    "aws:lb/listener:Listener": Recipe(
        recorded=f"{_NO_LOAD}, and its certificate is proven by no name server",
        id="arn:aws:elasticloadbalancing:{region}:{account}:listener/app/{hash:16}/{hash:17}",
        outputs={"arn": "{id}"},
    ),
    "aws:lb/listenerRule:ListenerRule": Recipe(
        recorded=_NO_LOAD,
        id="arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/app/{hash:16}/{hash:17}",
        outputs={"arn": "{id}"},
    ),
}
