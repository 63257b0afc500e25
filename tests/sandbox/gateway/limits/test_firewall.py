"""Callers are counted by a header, as the declared firewall says, and marked above its rate."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.secure_api.web_acl import rules
from sandbox.gateway import Chain
from sandbox.gateway.context import Exchange
from sandbox.gateway.declared import CallerRate, Stage, stages
from sandbox.gateway.firewall import REMEMBERED, Firewall
from sandbox.ledger import Ledger
from tests.sandbox.gateway.documents import FakeFunctions, add, exchange, jwks, ledger, stage, token

RATE = CallerRate(b"authorization", 3, 60, ((b"x-amzn-waf-pace", b"over"),))
ARN = "arn:aws:apigateway:us-east-1::/restapis/abc123/stages/api"
ACL = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/it/1"


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def marked(firewall: Firewall, value: str | None = "Bearer a", **more: Any) -> str | None:
    request = exchange(headers={"Authorization": value} if value is not None else {}, **more)
    firewall(request)
    return request.header(b"x-amzn-waf-pace")


def test_what_is_above_the_rate_of_one_value_is_marked() -> None:
    firewall = Firewall([RATE], Clock())
    assert [marked(firewall) for _ in range(5)] == [None, None, None, "over", "over"]
    assert marked(firewall, "Bearer b") is None


def test_requests_without_the_header_are_not_counted() -> None:
    firewall = Firewall([RATE], Clock())
    assert {marked(firewall, None) for _ in range(9)} == {None}


def test_the_window_moves_on() -> None:
    clock = Clock()
    firewall = Firewall([RATE], clock)
    assert [marked(firewall) for _ in range(3)] == [None] * 3
    clock.now = 61.0
    assert marked(firewall) == "over"
    clock.now = 181.0
    assert [marked(firewall) for _ in range(4)] == [None, None, None, "over"]


@given(st.lists(st.floats(0, 400), min_size=1, max_size=40).map(sorted))
def test_nobody_is_marked_who_asks_less_than_the_rate_in_two_windows(moments: list[float]) -> None:
    clock = Clock()
    firewall = Firewall([RATE], clock)
    for at, moment in enumerate(moments):
        clock.now = moment
        recent = sum(moment - earlier < 120 for earlier in moments[: at + 1])
        found = marked(firewall)
        assert found is None or recent > RATE.limit


def test_a_mark_of_the_caller_is_written_over() -> None:
    firewall = Firewall([CallerRate(b"authorization", 0, 60, RATE.marks)], Clock())
    request = exchange(headers={"Authorization": "a", "X-Amzn-Waf-Pace": "no"})
    firewall(request)
    assert [row for row in request.headers if row[0] == b"x-amzn-waf-pace"] == [(b"x-amzn-waf-pace", b"over")]


def test_values_that_are_remembered_are_bounded() -> None:
    firewall = Firewall([RATE], Clock())
    for _ in range(4):
        marked(firewall, "first")
    for number in range(REMEMBERED):
        marked(firewall, str(number))
    assert marked(firewall, "first") is None


def guarded(requests: int) -> Ledger:
    """An API behind the firewall that the program declares, with the names that Pulumi gives to its inputs."""
    made = Ledger()
    for resource in ledger():
        arn = {"arn": ARN} if resource.name == "stage" else {}
        add(made, resource.type, resource.name, resource.inputs, {**resource.outputs, **arn})
    declared = camel(rules(2000, ["US"], None, requests))
    add(made, "aws:wafv2/webAcl:WebAcl", "acl", {"name": "it", "rules": declared}, {"id": "1", "arn": ACL})
    tie = {"webAclArn": ACL, "resourceArn": ARN}
    add(made, "aws:wafv2/webAclAssociation:WebAclAssociation", "tie", tie)
    return made


def camel(value: Any) -> Any:
    """Names as they are in the ledger."""
    if isinstance(value, dict):
        return {
            first + "".join(word.capitalize() for word in rest): camel(each)
            for name, each in value.items()
            for first, *rest in [name.split("_")]
        }
    return [camel(each) for each in value] if isinstance(value, list) else value


def test_declared_rules_that_count_callers_are_found_and_no_others() -> None:
    found = stages(guarded(90), "us-east-1", "123456789012")["api"]
    assert found.caller_rates == (CallerRate(b"authorization", 90, 60, RATE.marks),)


@pytest.mark.parametrize("made", [ledger(), guarded(0)], ids=["no firewall", "no rule"])
def test_a_stage_without_such_a_rule_counts_nobody(made: Ledger) -> None:
    assert stages(made, "us-east-1", "123456789012")["api"].caller_rates == ()


async def keys(_pool: str) -> bytes:
    return jwks()


def test_a_function_is_told_of_the_mark() -> None:
    functions = FakeFunctions()
    built: Stage = stage(caller_rates=(CallerRate(b"authorization", 1, 60, RATE.marks),))
    chain, sent = Chain(built, functions, keys), [(b"authorization", f"Bearer {token()}".encode())]
    for _ in range(2):
        request = Exchange(built, "POST", "/v1/predict", b"", list(sent), b'{"input": {"age": 1}}')
        assert asyncio.run(chain(request)).status == 200
    heard = [{name.lower(): value for name, value in event["headers"].items()} for event in functions.events]
    assert [row.get("x-amzn-waf-pace") for row in heard] == [None, "over"]
