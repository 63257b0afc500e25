"""Services reach what is declared for them, and no policy lets a service in that nothing declared is for."""

from __future__ import annotations

from functools import cache

import pytest

from sandbox.rights import Access, Decision
from sandbox.rights.policy.document import Statement
from tests.stacks.rights.edges import edges
from tests.stacks.rights.region import REGIONS, Region

STACKS = [region for region in REGIONS if not region.second]
"""Each stack, told from its first region: services of one region reach into the other one."""

LEFT = {
    "TrailsOfThisAccount": "a trail that a stack gets later (audit.trail) needs no other key; of this account alone",
    "BudgetsOfThisAccount": "each region's key of notifications is alike; budgets stand in the first region",
    "CostAnomaliesOfThisAccount": "as above",
    "CloudFrontDeliversLogs": "each region's bucket of logs is alike; CloudFront delivers to the first region's",
}
"""Statements that let a service in where nothing declared is for it, and why."""


@cache
def decided(region: Region) -> tuple[tuple[str, Access, Decision], ...]:
    """What IAM says to each access of a service; those that are alike are asked once."""
    answers: dict[tuple[object, ...], Decision] = {}
    found = []
    for name, access in edges(region):
        key = (access.principal, access.action, access.resources, tuple(sorted(access.context.items())))
        if key not in answers:
            answers[key] = region.decide(access)
        found.append((name, access, answers[key]))
    return tuple(found)


@pytest.mark.parametrize("region", STACKS, ids=str)
def test_every_service_may_do_what_is_declared_for_it(region: Region) -> None:
    assert len(decided(region)) > 300
    refused = [
        f"{name}: {access.principal} {access.action} on {access.resources[0]}: {said.why} {said.almost}"
        for name, access, said in decided(region)
        if not said.allowed
    ]
    assert refused == []


def let_in(region: Region) -> set[Statement]:
    """Every statement that allows a service something."""
    return {
        row
        for policy in region.carried.values()
        for row in policy.statements
        if row.allows and row.who is not None and "Service" in row.who.names
    }


@cache
def idle(region: Region) -> frozenset[Statement]:
    """Statements that let a service in which nothing declared is for."""
    used = {row for _, _, said in decided(region) for row in said.statements}
    return frozenset(let_in(region) - used)


@pytest.mark.parametrize("region", STACKS, ids=str)
def test_a_service_is_let_in_for_something_or_a_reason_is_given(region: Region) -> None:
    assert len(let_in(region)) > 100
    assert sorted(str(row) for row in idle(region) if row.label not in LEFT) == []


def test_every_reason_is_one_for_a_statement() -> None:
    assert {row.label for region in STACKS for row in idle(region)} == set(LEFT)


def test_a_service_is_refused_what_is_another_stack_s() -> None:
    """The conditions count: the same service on behalf of somebody else's resource."""
    (first, *_) = STACKS
    theirs = {
        "aws:sourcearn": ("arn:aws:events:us-east-1:999999999999:rule/x",),
        "aws:sourceaccount": ("999999999999",),
    }
    bounded = [
        access
        for _, access, said in decided(first)
        if "aws:sourcearn" in access.context and not access.action.startswith("kms:") and said.allowed
    ]
    assert len(bounded) > 100
    let = {
        f"{access.principal} {access.action}"
        for access in bounded
        if first.decide(Access(access.principal, access.action, access.resources, {**access.context, **theirs})).allowed
    }
    assert let == set()
