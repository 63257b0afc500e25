"""What policies of all stacks leave open: each place has a reason, and each reason a place."""

from __future__ import annotations

from functools import cache

import pytest

from policies.rules.rights.reasons import ACTIONS, KINDS, RESOURCES
from policies.rules.rights.wildcards import Wildcard, wildcards
from tests.stacks.platform import STACKS, evaluated

TOLERATED = {"api-logs-rights", "standby-api-logs-rights"}
"""Exempt for a while, in policies/exemptions.py."""


@cache
def found(stack: str) -> tuple[tuple[str, Wildcard], ...]:
    """Every wildcard of a stack with the name of the resource that has it."""
    return tuple(
        (resource.name, one)
        for resource in evaluated(stack).resources
        if resource.type in KINDS
        for one in wildcards(KINDS[resource.type][0], resource.inputs[KINDS[resource.type][1]])
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_leaves_anything_open_without_a_reason(stack: str) -> None:
    assert len(found(stack)) > 150
    assert {name for name, one in found(stack) if not one.reason} <= TOLERATED


@pytest.mark.parametrize("stack", STACKS)
def test_every_policy_of_a_stack_is_looked_at(stack: str) -> None:
    """A type that carries a document and is in no row would be left out without a word."""
    documents = {
        (resource.type, name)
        for resource in evaluated(stack).resources
        for name, value in resource.inputs.items()
        if isinstance(value, str) and '"Statement"' in value
    }
    assert documents - {(token, name) for token, (_, name) in KINDS.items()} == set()


def test_every_reason_has_a_place() -> None:
    reasons = {one.reason for stack in STACKS for _, one in found(stack)}
    assert [form.reason for form in (*ACTIONS, *RESOURCES) if form.reason not in reasons] == []
