"""Every type that a stack declares is judged or said not to be, and every control that was asked for has an answer."""

from __future__ import annotations

import pytest

from policies import RULES
from policies.cost.evaluate import stack_of
from policies.coverage import NO_RULE, NOT_HERE, WANTED, WANTED_OF_THE_LENS
from policies.matrix import page
from sandbox.recipes import RECIPES
from tests.stacks.platform import STACKS, evaluated

ON_ALL = {"hipaa-eligible-only", "tags-present"}
"""Rules about everything, which say nothing about one type."""


def declared() -> set[str]:
    return {row.type for stack in STACKS for row in evaluated(stack).resources if row.type.startswith("aws:")}


JUDGED = {token for rule in RULES if rule.id not in ON_ALL for token in rule.types}


def test_no_declared_type_is_left_out_in_silence() -> None:
    assert declared() - JUDGED - set(NO_RULE) == set()


def test_a_type_that_is_left_out_exists_and_is_judged_by_nothing() -> None:
    assert set(NO_RULE) - set(RECIPES) == set()
    assert set(NO_RULE) & JUDGED == set()
    assert [token for token, why in NO_RULE.items() if len(why) < 15] == []


def test_every_control_that_was_asked_for_has_a_rule_or_a_reason() -> None:
    covered = {control for rule in RULES for control in rule.controls}
    wanted = {f"FSBP {service}.{number}" for service, numbers in WANTED.items() for number in numbers}
    wanted |= {f"ML Lens {practice}" for practice in WANTED_OF_THE_LENS}
    assert wanted - covered - set(NOT_HERE) == set()
    assert set(NOT_HERE) & covered == set()
    assert set(NOT_HERE) - wanted == set()


@pytest.mark.parametrize("stack", ["dev"])
def test_the_matrix_has_a_row_for_each_rule_and_a_verdict_of_each_stack(stack: str) -> None:
    text = page({stack: stack_of(evaluated(stack).resources)})
    assert [rule.id for rule in RULES if f"| `{rule.id}` |" not in text] == []
    kms = next(line for line in text.split("\n") if "`kms-rotated`" in line)
    assert kms == "| CIS 3.6 | `kms-rotated` | high | 5✓ |"


def test_the_page_is_the_same_in_whatever_order_resources_were_declared() -> None:
    found = evaluated("prod").resources
    assert page({"prod": stack_of(found)}) == page({"prod": stack_of(list(reversed(found)))})
