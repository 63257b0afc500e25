"""A clock that calls a function: the rule, the right to call, and where calls go that reach nobody."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pulumi import Input, ResourceOptions

from components.aws import cloudwatch, lambda_
from components.function.component import ALIAS, Function


class ClockArgs(TypedDict):
    """When a function is called, and by what name."""

    rule_name: str
    """Physical name of the rule."""
    description: str
    """What the rule is for."""
    schedule: str
    """Such as `rate(1 day)`."""
    lost_events_arn: Input[str]
    """Queue of calls that reached nobody; it has to accept the rule, and the function has to be let leave things."""
    stopped: NotRequired[bool]
    """Whether it does not call for now; false by default."""
    event: NotRequired[str]
    """What the function is sent; EventBridge's own event by default."""


def clock(name: str, function: Function, args: ClockArgs, opts: ResourceOptions) -> cloudwatch.EventRule:
    """Calls the alias of a function by the clock; a call that fails is tried twice again within an hour.

    Args:
        name: of the rule in the program; beginning of the others' names.
        function: what is called.
        args: when, and what goes along.
        opts: options of each resource, such as the parent.
    """
    rule = cloudwatch.EventRule(
        name,
        name=args["rule_name"],
        description=args["description"],
        schedule_expression=args["schedule"],
        state="DISABLED" if args.get("stopped", False) else None,
        opts=opts,
    )
    permission = lambda_.Permission(
        f"{name}-permission",
        action="lambda:InvokeFunction",
        function=function.function_name,
        qualifier=ALIAS,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.alias])),
    )
    cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        arn=function.alias_arn,
        input=args.get("event"),
        dead_letter_config={"arn": args["lost_events_arn"]},
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[permission])),
    )
    lambda_.FunctionEventInvokeConfig(
        f"{name}-retries",
        function_name=function.function_name,
        qualifier=ALIAS,
        maximum_retry_attempts=2,
        maximum_event_age_in_seconds=3600,
        destination_config={"on_failure": {"destination": args["lost_events_arn"]}},
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.alias, function.rights])),
    )
    return rule
