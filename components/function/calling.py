"""What calls a function by itself: rules and clocks, the right to call, and where calls go that reach nobody."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

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
    on_events(name, function, rule, args["lost_events_arn"], opts, event=args.get("event"))
    return rule


def on_events(
    name: str,
    function: Function,
    rule: cloudwatch.EventRule,
    lost_events_arn: Input[str],
    opts: ResourceOptions,
    *,
    event: str | None = None,
    retry_policy: Any = None,
) -> None:
    """Calls the alias of a function for each event of a rule; a call that fails is tried twice again within an hour.

    Args:
        name: beginning of the resources' names.
        function: what is called.
        rule: whose events.
        lost_events_arn: queue of what could not be handed over, and of what the function failed on.
        opts: options of each resource, such as the parent.
        event: what the function is sent; EventBridge's own event by default.
        retry_policy: of handing over; EventBridge's own by default.
    """
    permission = may_call(f"{name}-permission", function, "events.amazonaws.com", rule.arn, opts)
    cloudwatch.EventTarget(
        f"{name}-target",
        rule=rule.name,
        arn=function.alias_arn,
        input=event,
        retry_policy=retry_policy,
        dead_letter_config={"arn": lost_events_arn},
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[permission])),
    )
    # EventBridge hands over to Lambda's own queue: what the function fails on is Lambda's to keep.
    lambda_.FunctionEventInvokeConfig(
        f"{name}-retries",
        function_name=function.function_name,
        qualifier=ALIAS,
        maximum_retry_attempts=2,
        maximum_event_age_in_seconds=3600,
        destination_config={"on_failure": {"destination": lost_events_arn}},
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.alias, function.rights])),
    )


def may_call(
    name: str, function: Function, service: str, source_arn: Input[str], opts: ResourceOptions
) -> lambda_.Permission:
    """Lets a service call the alias of a function, for one source; the alias has to exist before."""
    return lambda_.Permission(
        name,
        action="lambda:InvokeFunction",
        function=function.function_name,
        qualifier=ALIAS,
        principal=service,
        source_arn=source_arn,
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.alias])),
    )
