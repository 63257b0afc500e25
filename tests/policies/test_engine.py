"""The engine: three verdicts, rules that throw, exemptions that end, reports that can be read."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import EXEMPTIONS, RULES, Exemption, Rule, check
from policies.exemptions import problems, stack_of
from policies.reference import PAGE, page
from policies.resources import Node, Unknown, marked, read
from tests.policies.cases import api, ground, rights, storage, work
from tests.policies.rows import UNKNOWN, Row, row

TODAY = date(2026, 11, 21)


def size_known(node: Node) -> Iterable[str]:
    if node.read("size") > 3:
        yield f"size is {node.read('size')}; allowed: up to 3"
    if node.read("colour") == "red":
        yield "colour is red"


RULE = Rule(
    id="test-size",
    severity="high",
    types=("aws:test/thing:Thing",),
    what="Small.",
    why="Space.",
    mend="make it smaller",
    check=size_known,
)


def thing(name: str = "it", **inputs: Any) -> Row:
    return row("aws:test/thing:Thing", name, **inputs)


def outcome(*resources: Row, rule: Rule = RULE, exemptions: tuple[Exemption, ...] = ()) -> list[tuple[str, str]]:
    report = check(resources, rules=[rule], exemptions=exemptions, today=TODAY)
    return [(verdict.outcome, verdict.message) for verdict in report.verdicts]


def test_a_good_resource_holds() -> None:
    assert outcome(thing(size=1)) == [("holds", "")]


def test_a_broken_rule_names_resource_value_and_remedy() -> None:
    message = "it (aws:test/thing:Thing): size is 9; allowed: up to 3. To mend: make it smaller"
    assert outcome(thing(size=9)) == [("broken", message)]


def test_all_problems_come_in_one_message() -> None:
    assert "size is 9; allowed: up to 3; colour is red" in outcome(thing(size=9, colour="red"))[0][1]


def test_an_unknown_value_is_not_decidable_and_is_named() -> None:
    assert outcome(thing(size=UNKNOWN)) == [
        ("undecided", "it (aws:test/thing:Thing): size is not known before the update")
    ]


def test_what_was_found_before_an_unknown_value_counts() -> None:
    assert outcome(thing(size=9, colour=UNKNOWN))[0][0] == "broken"


def test_a_rule_that_throws_is_broken_and_says_so() -> None:
    assert outcome(thing(size="many"))[0][0] == "broken"
    assert "the rule itself failed with TypeError: '>' not supported" in outcome(thing(size="many"))[0][1]


def test_a_resource_rule_may_not_look_at_the_stack() -> None:
    nosy = replace(RULE, check=lambda node: [] if list(node.stack) else ["nothing there"])
    assert "a rule of scope 'resource' looked at the stack of" in outcome(thing(), rule=nosy)[0][1]
    assert outcome(thing(), rule=replace(nosy, scope="stack")) == [("holds", "")]


def test_other_types_are_not_judged() -> None:
    assert outcome(row("aws:test/other:Other", size=9)) == []


def test_inputs_win_over_outputs() -> None:
    assert outcome(replace(thing(size=1), outputs={"size": 9})) == [("holds", "")]


def exemption(**changes: Any) -> Exemption:
    given_row = Exemption(rule="test-size", resource="it", reason="big until the move is done", until=TODAY)
    return replace(given_row, **changes)


@pytest.mark.parametrize(
    "row_of",
    [
        pytest.param(exemption(), id="last day"),
        pytest.param(exemption(resource="i*"), id="pattern"),
        pytest.param(exemption(stacks=("prod", "dev")), id="stack"),
    ],
)
def test_an_exemption_tolerates_what_it_covers(row_of: Exemption) -> None:
    assert outcome(thing(size=9), exemptions=(row_of,)) == [
        ("exempt", f"it: until {TODAY}: big until the move is done")
    ]


@pytest.mark.parametrize(
    "row_of",
    [
        pytest.param(exemption(resource="other"), id="another resource"),
        pytest.param(exemption(rule="test-other"), id="another rule"),
        pytest.param(exemption(stacks=("prod",)), id="another stack"),
    ],
)
def test_an_exemption_of_something_else_does_not_help_and_is_reported(row_of: Exemption) -> None:
    report = check([thing(size=9)], rules=[RULE], exemptions=[row_of], today=TODAY)
    assert [verdict.outcome for verdict in report.verdicts] == ["broken"]
    assert report.unused == (row_of,)
    assert f"unused exemption of {row_of.rule} for {row_of.resource!r}" in report.table()


def test_an_exemption_for_this_stack_that_matches_nothing_fails_and_names_the_closest() -> None:
    wrong = exemption(resource="itt", stacks=("dev",))
    report = check([thing(size=9)], rules=[RULE], exemptions=[wrong], today=TODAY)
    assert [verdict.rule for verdict in report.broken] == [RULE.id, "exemption-in-force"]
    said = report.broken[1].message
    assert "resource is 'itt', and nothing of that name breaks the rule in dev; did you mean 'it'?" in said
    assert said.endswith("Name a resource that does, or remove the row")
    undecided = check([thing(size=UNKNOWN)], rules=[RULE], exemptions=[wrong], today=TODAY)
    assert [row.outcome for row in undecided.verdicts] == ["undecided"]
    idle = exemption(stacks=("dev",))
    assert [row.rule for row in check([thing(size=1)], rules=[RULE], exemptions=[idle], today=TODAY).broken] == [
        "exemption-in-force"
    ]


def test_an_expired_exemption_fails_even_where_nothing_needs_it() -> None:
    old = exemption(until=TODAY - timedelta(days=1))
    needed = outcome(thing(size=9), exemptions=(old,))
    assert [kind for kind, _ in needed] == ["broken", "broken"]
    assert "(the exemption ended on 2026-11-20)" in needed[0][1]
    unneeded = check([thing(size=1)], rules=[RULE], exemptions=[old], today=TODAY)
    assert [verdict.rule for verdict in unneeded.broken] == ["exemption-in-force"]
    assert "until is 2026-11-20, which has passed" in unneeded.broken[0].message


def test_the_longest_exemption_counts() -> None:
    rows = (exemption(until=TODAY - timedelta(days=9)), exemption(until=TODAY))
    assert outcome(thing(size=9), exemptions=rows)[0][0] == "exempt"


def test_wrong_rows_are_named_all_at_once() -> None:
    wrong = exemption(rule="s4-open", resource="*", reason="because")
    with pytest.raises(ValueError, match=r"rule is 's4-open'.*\n.*resource is '\*'.*\n.*reason is 'because'"):
        check([], exemptions=[wrong])


def test_the_projects_exemptions_are_well_formed_and_in_force() -> None:
    assert problems(EXEMPTIONS, {rule.id for rule in RULES}) == []
    assert [row_of for row_of in EXEMPTIONS if not row_of.in_force(TODAY)] == []


def test_the_stack_is_read_from_the_urn() -> None:
    assert stack_of("urn:pulumi:prod::mlplatform::aws:s3/bucket:Bucket::b") == "prod"
    assert stack_of("nonsense") == ""


def test_a_report_counts_sorts_and_serialises() -> None:
    rules = [replace(RULE, id="test-low", severity="low"), RULE, replace(RULE, id="test-worst", severity="critical")]
    report = check([thing("a", size=9), thing("b", size=UNKNOWN), thing("c", size=0)], rules=rules, exemptions=())
    assert report.counts == {"holds": 3, "broken": 3, "undecided": 3, "exempt": 0}
    assert [verdict.severity for verdict in report.broken] == ["critical", "high", "low"]
    assert not report.passed
    lines = report.table().split("\n")
    assert lines[0] == "policies: 3 holds, 3 broken, 3 undecided, 0 exempt (3 rules, 3 resources)"
    assert len(lines) == 7
    assert lines[1].split()[:3] == ["broken", "critical", "test-worst"]
    assert len(json.loads(report.to_json())["verdicts"]) == 9


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3) | st.just(UNKNOWN),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    ),
    st.sampled_from(["a", "a.b", "a.b.c"]),
)
def test_reading_any_document_gives_a_value_or_says_that_it_is_unknown(document: object, path: str) -> None:
    from policies.resources import UndecidedError

    try:
        found = read(marked(document), path, "default")
    except UndecidedError as unknown:
        named = str(unknown)
    else:
        named = "" if found is None or isinstance(found, Unknown) else "known is not known before the update"
    assert named.endswith("is not known before the update")


INPUT_NAMES = sorted(
    {
        name
        for case in (*api.CASES, *ground.CASES, *rights.CASES, *storage.CASES, *work.CASES)
        for resources in case.good.values()
        for resource in resources
        for name in resource.inputs
    }
)
ODD = (
    st.none()
    | st.booleans()
    | st.integers(-1, 9)
    | st.text(max_size=4)
    | st.lists(st.text(max_size=2), max_size=2)
    | st.just(UNKNOWN)
)


@given(st.dictionaries(st.sampled_from(INPUT_NAMES), ODD, max_size=8))
def test_no_input_makes_the_engine_itself_fail(inputs: dict[str, Any]) -> None:
    resources = [
        row(token, f"r{number}", **inputs)
        for number, token in enumerate(sorted({t for rule in RULES for t in rule.types}))
    ]
    report = check(resources, exemptions=())
    assert len(report.verdicts) == sum(len(rule.types) for rule in RULES)


def test_a_stack_of_300_resources_takes_well_under_two_seconds() -> None:
    everything = [
        resource
        for case in (*api.CASES, *ground.CASES, *rights.CASES, *storage.CASES, *work.CASES)
        for resources in case.good.values()
        for resource in resources
    ]
    many = [replace(resource, urn=f"{resource.urn}-{number}") for number, resource in enumerate(everything)][:300]
    assert len(many) == 300
    start = time.process_time()
    report = check(many, exemptions=())
    took = time.process_time() - start
    print(f"{len(report.verdicts)} verdicts over 300 resources in {took * 1000:.0f} ms")
    assert took < 2  # of this process, not of the clock


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"
