"""Patterns that look into lists of objects: one object has to have all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from sandbox.events.patterns import matches

HIGH = {"detail": {"findings": {"severity": {"label": ["HIGH"]}, "state": ["NEW"]}}}


def finding(label: str, state: str) -> dict[str, Any]:
    return {"severity": {"label": label}, "state": state}


def held(pattern: dict[str, Any], *findings: Any) -> bool:
    return matches(EventPattern.load(json.dumps(pattern)), {"source": "test", "detail": {"findings": list(findings)}})


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([finding("HIGH", "NEW")], True),
        ([finding("LOW", "NEW"), finding("HIGH", "NEW")], True),
        ([finding("HIGH", "SEEN"), finding("LOW", "NEW")], False),
        ([finding("LOW", "NEW")], False),
        ([], False),
        (["HIGH"], False),
    ],
    ids=["one", "the-second", "half-and-half", "neither", "empty", "no-objects"],
)
def test_one_object_of_a_list_has_all_that_is_asked_for(findings: list[Any], expected: bool) -> None:
    assert held(HIGH, *findings) is expected


def test_alternatives_may_look_into_lists_too() -> None:
    either = {"detail": {"$or": [{"findings": {"state": ["NEW"]}}, {"findings": {"state": ["OPEN"]}}]}}
    assert held(either, {"state": "SEEN"}, {"state": "OPEN"})
    assert not held(either, {"state": "SEEN"})


@given(
    st.recursive(
        st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    )
)
def test_without_lists_it_is_what_moto_says(detail: Any) -> None:
    pattern = EventPattern.load(json.dumps({"detail": {"a": {"b": [1]}}}))
    event = {"source": "test", "detail": detail}
    assert matches(pattern, event) is pattern.matches_event(event)
