"""Every rule has a good and a bad case, says what is wrong, and never raises a false alarm on unknown values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import policies
from policies.rule import SEVERITIES, Rule
from policies.rules import RULES, SERVICES
from policies.verdict import Verdict
from tests.policies.cases import (
    api,
    database,
    doors,
    governance,
    ground,
    identity,
    recovery,
    rights,
    storage,
    tables,
    wildcards,
    work,
)
from tests.policies.rows import UNKNOWN, Case, Row

CASES: tuple[Case, ...] = (
    *api.CASES,
    *database.CASES,
    *doors.CASES,
    *governance.CASES,
    *ground.CASES,
    *identity.CASES,
    *recovery.CASES,
    *rights.CASES,
    *storage.CASES,
    *tables.CASES,
    *wildcards.CASES,
    *work.CASES,
)
BY_ID = {rule.id: rule for rule in RULES}


def verdicts(case: Case, resources: list[Row]) -> list[Verdict]:
    return list(policies.check(resources, rules=[BY_ID[case.rule]], exemptions=()).verdicts)


def rows(kind: str) -> list[Any]:
    return [
        pytest.param(case, list(resources), id=f"{case.rule}: {label}")
        for case in CASES
        for label, resources in getattr(case, kind).items()
    ]


def test_each_rule_has_one_row_with_good_and_bad_cases() -> None:
    assert sorted(case.rule for case in CASES) == sorted(BY_ID)
    assert [case.rule for case in CASES if not case.good or not case.bad] == []


@pytest.mark.parametrize(("case", "resources"), rows("good"))
def test_good_holds(case: Case, resources: list[Row]) -> None:
    assert [verdict.message for verdict in verdicts(case, resources) if verdict.outcome != "holds"] == []


@pytest.mark.parametrize(("case", "resources"), rows("bad"))
def test_bad_is_broken_and_says_so(case: Case, resources: list[Row]) -> None:
    broken = [verdict for verdict in verdicts(case, resources) if verdict.outcome == "broken"]
    assert broken
    for verdict in broken:
        assert "the rule itself failed" not in verdict.message
        assert verdict.name in verdict.message
        assert case.says in verdict.message
        assert verdict.message.endswith(f"To mend: {BY_ID[case.rule].mend}")


def blinded(value: Any) -> Iterator[Any]:
    """The value with one part of it unknown, for each part."""
    yield UNKNOWN
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: other} for other in blinded(inner))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in blinded(inner))


@pytest.mark.parametrize(("case", "resources"), rows("good"))
def test_unknown_values_never_break_what_is_good(case: Case, resources: list[Row]) -> None:
    for number, resource in enumerate(resources):
        for name, value in [*resource.inputs.items(), *resource.outputs.items()]:
            for other in blinded(value):
                inputs = {**resource.inputs, name: other}
                changed = [*resources[:number], replace(resource, inputs=inputs), *resources[number + 1 :]]
                wrong = [verdict.message for verdict in verdicts(case, changed) if verdict.outcome == "broken"]
                assert wrong == [], f"{resource.name}.{name} = {other!r}"


def scattered(value: Any, hidden: Random) -> Any:
    """The value with any number of its parts unknown."""
    if hidden.random() < 0.15:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: scattered(inner, hidden) for key, inner in value.items()}
    return [scattered(inner, hidden) for inner in value] if isinstance(value, list) else value


@given(st.sampled_from([(case, list(rows)) for case in CASES for rows in case.good.values()]), st.randoms())
def test_any_number_of_unknown_values_never_breaks_what_is_good(row: tuple[Case, list[Row]], hidden: Random) -> None:
    case, resources = row
    blind = [
        replace(
            resource,
            inputs={name: scattered(value, hidden) for name, value in resource.inputs.items()},
            outputs={name: scattered(value, hidden) for name, value in resource.outputs.items()},
        )
        for resource in resources
    ]
    assert [verdict.message for verdict in verdicts(case, blind) if verdict.outcome == "broken"] == []


ANY_VALUE_WILL_DO = {
    "cache-authenticated",  # a token that another resource makes is a token
    "lambda-permission-bounded",  # so is a source
    "iam-no-users",  # looks at the type alone
    "cognito-no-guests",  # the good case leaves the switch out
    "api-behind-waf",  # an association that is not there is not there
    "balancer-behind-waf",  # likewise
    "backup-of-databases",  # a selection names what it depends on
    "backup-of-tables",  # likewise
    "budget-declared",  # nor is a budget
    "hub-reads-config",  # nor is a recorder
    "s3-access-logged",  # nor is a logging
}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.rule not in ANY_VALUE_WILL_DO], ids=lambda case: case.rule
)
def test_a_rule_is_not_decidable_while_what_it_needs_is_unknown(case: Case) -> None:
    outcomes = set()
    for resources in case.bad.values():
        blind = [replace(resource, inputs=dict.fromkeys(_seen(case), UNKNOWN)) for resource in resources]
        outcomes |= {verdict.outcome for verdict in verdicts(case, blind)}
    assert "undecided" in outcomes


def _seen(case: Case) -> set[str]:
    every = [*case.good.values(), *case.bad.values()]
    return {name for resources in every for resource in resources for name in resource.inputs}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_tells_what_why_and_how(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
    assert rule.severity in SEVERITIES
    assert rule.what.endswith(".")
    assert rule.why.endswith(".")
    assert not rule.mend.endswith(".")
    assert all(
        re.fullmatch(r"(FSBP [A-Za-z0-9]+\.\d+|CIS [\d.]+|ML Lens ML[A-Z]+\d\d-BP\d\d)", c) for c in rule.controls
    )
    assert all(re.fullmatch(r"aws:[a-z0-9]+/\w+:\w+", token) for token in rule.types)


def test_ids_are_unique_and_services_hold_all_rules() -> None:
    assert len(BY_ID) == len(RULES) == sum(len(rules) for rules in SERVICES.values())
