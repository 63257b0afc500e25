"""Documents and texts that await only what is not known, and metrics by their name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi import Output

from components.values import filled, formatted, measured
from tests.components.recorder import record

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=2), inside, max_size=3),
    max_leaves=8,
)


def resolved(program: Any) -> Any:
    return record(program).value


@settings(deadline=None, max_examples=40)
@given(VALUES)
def test_a_document_is_the_same_with_and_without_outputs(value: Any) -> None:
    def program() -> Any:
        return [filled({"known": value, "awaited": [given]}, json.dumps) for given in (value, Output.from_input(value))]

    plain, awaited = resolved(program)
    assert json.loads(plain) == json.loads(awaited) == {"known": value, "awaited": [value]}


def test_one_output_in_two_places_is_awaited_once() -> None:
    def program() -> Any:
        one, other = Output.from_input("a"), Output.from_input("b")
        return filled([one, {"x": one, "y": (other, 1)}], json.dumps)

    assert json.loads(resolved(program)) == ["a", {"x": "a", "y": ["b", 1]}]


def test_a_secret_makes_its_document_secret() -> None:
    def program() -> Any:
        text = filled({"a": Output.secret("quiet"), "b": Output.from_input(1)}, json.dumps)
        return Output.from_input(text.is_secret())

    assert resolved(program) is True


def test_a_template_takes_outputs_and_plain_values() -> None:
    assert resolved(lambda: formatted("{0}/{1}/{0}", Output.from_input("a"), 1)) == "a/1/a"
    assert resolved(lambda: formatted("{0}:*", "a")) == "a:*"


def test_a_metric_of_a_function_has_its_unit() -> None:
    found = measured("f", "Confidence", "confidence", "Average")
    assert (found.namespace, found.dimensions, found.unit) == ("MLPlatform", {"Function": "f"}, "Percent")


def test_a_metric_that_no_function_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no function measures 'Guesses'; allowed: .*Predictions"):
        measured("f", "Guesses", "guesses")
