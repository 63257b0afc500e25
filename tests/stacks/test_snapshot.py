"""The record of inputs: nothing secret, nothing that changes by itself, one line for one input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.components.recorder import Recorded
from tests.stacks.golden import inputs, inputs_path
from tests.stacks.platform import STACKS, evaluated, run, shared
from tests.stacks.snapshot import COMPUTED, LONGEST, shown
from tests.stacks.snapshot import inputs as written

every_stack = pytest.mark.parametrize("stack", STACKS)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def resource(secrets: frozenset[str] = frozenset(), **given_inputs: Any) -> Recorded:
    return Recorded(
        urn="urn",
        type="aws:s3/bucket:Bucket",
        name="lake",
        parent="",
        custom=True,
        inputs=given_inputs,
        secrets=secrets,
        dependencies=frozenset(),
        references={},
        protect=True,
        retain_on_delete=False,
        delete_before_replace=False,
        ignore_changes=("b", "a"),
        provider="",
        region="us-east-1",
    )


@every_stack
def test_inputs_are_those_on_record(stack: str) -> None:
    recorded = inputs_path(stack).read_text(encoding="utf-8").splitlines()
    assert inputs(evaluated(stack)) == recorded, "after a change on purpose: python -m tests.stacks.golden"


@every_stack
def test_the_record_holds_no_secret_and_no_path_of_a_machine(stack: str) -> None:
    text = inputs_path(stack).read_text(encoding="utf-8")
    kept = [
        value
        for one in evaluated(stack).resources
        for key in one.secrets & {"authToken", "secretString", "masterPassword"}
        for value in [str(one.inputs[key])]
    ]
    assert kept
    assert [value for value in kept if value in text] == []
    assert str(shared()) not in text
    assert len(text) < 900_000


def test_what_only_aws_knows_is_marked() -> None:
    preview = inputs(run("dev", shared(), preview=True))
    assert any(line.strip() == f'bucket = "{COMPUTED}"' for line in preview)
    headings = [line for line in preview if not line.startswith("  ")]
    assert headings == [line for line in inputs(evaluated("dev")) if not line.startswith("  ")]


def test_secrets_options_and_inputs_have_a_line_each() -> None:
    found = list(written(resource(frozenset({"token"}), token="s3cret", name="x")))
    assert found == ['name = "x"', "token = [secret]", "(protect)", "(ignore_changes a, b)"]


@given(documents)
def test_a_document_is_the_same_whatever_its_spaces_and_its_order(document: Any) -> None:
    loose, tight = json.dumps([document], indent=2), json.dumps([document], sort_keys=True)
    assert shown(loose) == shown(tight)
    assert "\n" not in shown(loose)


def test_a_document_is_told_from_a_text_and_a_structure() -> None:
    assert shown('{"a": 1}') == '{"json":{"a":1}}'
    assert shown({"a": 1}) == '{"a":1}'
    assert shown("{not json") == '"{not json"'


def test_a_long_value_stands_as_its_digest() -> None:
    long, other = "x" * (LONGEST + 1), "x" * LONGEST + "y"
    assert shown(long).startswith(f"<{LONGEST + 3} characters, sha256 ")
    assert shown(long) != shown(other)
