"""What Lambda does around a function in the function's role: its variables, its place in a network, logs, traces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sandbox.callers import Caller
from sandbox.cloud import Judge
from sandbox.lambdas.plan import FunctionError, Plan


class RoleError(FunctionError, ValueError):
    """The role of a function lacks what Lambda needs to start it."""

    status = 502

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Errand(NamedTuple):
    """One thing that Lambda does in a function's role."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = {}


INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
LOOKS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
"""Actions that EC2 knows no resources for."""


def check_start(plan: Plan, judge: Judge) -> None:
    """Raises RoleError, as Lambda words it, unless the role lets Lambda start a function."""
    problem = refused(plan, judge, _variables(plan))
    if problem:
        text = "Lambda was unable to decrypt the environment variables because KMS access was denied."
        raise RoleError("KMSAccessDeniedException", f"{text} Please check the function's KMS key settings. {problem}")
    problem = refused(plan, judge, _network(plan))
    if problem:
        text = "Lambda was unable to set up its network interfaces: the execution role lacks a right."
        raise RoleError("EC2AccessDeniedException", f"{text} {problem}")


def refused(plan: Plan, judge: Judge, errands: Iterable[Errand]) -> str:
    """Why a function's role does not allow an errand; empty where it allows all, or the function has no role."""
    for errand in errands if plan.role else ():
        told = judge(Caller(plan.role, plan.name, errand.context), errand.action, errand.resource, plan.region)
        if told:
            return told
    return ""


def logging(plan: Plan, stream: str) -> Iterator[Errand]:
    """A stream of its own in the function's log group, and lines in it."""
    arn = f"arn:aws:logs:{plan.region}:{_account(plan)}:log-group:{plan.log_group}:log-stream:{stream}"
    yield Errand("logs:CreateLogStream", arn)
    yield Errand("logs:PutLogEvents", arn)


def tracing(_: Plan) -> Iterator[Errand]:
    """What X-Ray's daemon sends of a function."""
    yield Errand("xray:PutTraceSegments", "*")
    yield Errand("xray:PutTelemetryRecords", "*")


def _variables(plan: Plan) -> Iterator[Errand]:
    if plan.key and plan.environment:
        yield Errand("kms:Decrypt", plan.key, {"kms:encryptioncontext:aws:lambda:functionarn": (plan.arn,)})


def _network(plan: Plan) -> Iterator[Errand]:
    if plan.placed:
        arn = f"arn:aws:ec2:{plan.region}:{_account(plan)}:network-interface/*"
        yield from (Errand(action, arn) for action in INTERFACES)
        yield from (Errand(action, "*") for action in LOOKS)


def _account(plan: Plan) -> str:
    return plan.arn.split(":")[4]
