"""What every stack declares passes the pack, in the update and in the preview of an empty account."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pulumi
import pytest

from policies import EXEMPTIONS, RULES, Report, check
from policies.rules.operations import TAGGABLE
from tests.components.recorder import Recorded
from tests.stacks.platform import STACKS, evaluated, previewed

# The recorder does not apply the provider's default tags, which tests/stacks holds.
RULES_HERE = [rule for rule in RULES if rule.id != "tags-present"]
every_stack = pytest.mark.parametrize("stack", STACKS)
PROVIDER = Path(str(pulumi.__file__)).resolve().parents[1] / "pulumi_aws"


@cache
def resources(stack: str) -> list[Recorded]:
    return [resource for resource in evaluated(stack).resources if resource.custom]


@cache
def judged(stack: str) -> Report:
    """What the rules say of a stack; asked once, since it takes seconds."""
    return check(resources(stack), rules=RULES_HERE)


def broken(report: Report) -> list[str]:
    return [f"{verdict.rule}: {verdict.message}" for verdict in report.broken]


@every_stack
def test_a_stack_breaks_no_rule(stack: str) -> None:
    assert broken(judged(stack)) == []


@pytest.mark.parametrize("stack", ["prod"])
def test_a_preview_raises_no_alarm_that_the_update_would_not_raise(stack: str) -> None:
    recorded = previewed(stack).resources
    seen = check(recorded, rules=RULES_HERE)
    real = judged(stack)
    assert {(v.rule, v.urn) for v in seen.broken} <= {(v.rule, v.urn) for v in real.broken}
    assert seen.undecided != []


@every_stack
def test_no_rule_fails_on_what_the_program_declares(stack: str) -> None:
    assert [text for text in broken(judged(stack)) if "the rule itself failed" in text] == []


def test_every_exemption_is_needed_by_a_stack() -> None:
    unused = [set(judged(stack).unused) for stack in STACKS]
    assert set.intersection(*unused) == set(), EXEMPTIONS


def source(token: str) -> str:
    """The provider's source of a type."""
    service, name = token.removeprefix("aws:").split(":")[0].split("/")
    folder = {"lambda": "lambda_"}.get(service, service)
    file = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    path = PROVIDER / folder / f"{file}.py"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.mark.parametrize("token", sorted(TAGGABLE))
def test_a_type_that_must_have_tags_takes_tags(token: str) -> None:
    assert re.search(r"^ +tags: ", source(token), re.MULTILINE)


ELSEWHERE = {
    "aws:cloudfront/function:Function",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/logDelivery:LogDelivery",
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
    "aws:cloudwatch/logDeliverySource:LogDeliverySource",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}
"""Types that take tags and need none: they are parts of something that has them."""


def test_every_declared_type_that_takes_tags_is_judged() -> None:
    declared = {resource.type for stack in STACKS for resource in resources(stack) if resource.type.startswith("aws:")}
    takes = {token for token in declared if re.search(r"^ +tags: ", source(token), re.MULTILINE)}
    assert takes - TAGGABLE - ELSEWHERE == set()
