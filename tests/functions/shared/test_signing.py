"""Key rings: messages are checked by any good key, and by nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.signing import Key, KeyRing, KeyRingError

NOW = 1_800_000_000.0
DAY = 86_400.0


def key(name: str) -> Key:
    return Key(name, name * 32)


def ring(*names: str) -> KeyRing:
    found = KeyRing((key(names[0]),))
    for name in names[1:]:
        found = found.followed(key(name), NOW, 7 * DAY)
    return found


@given(st.binary(max_size=200), st.integers(0, 299))
def test_what_was_signed_is_good_for_five_minutes(body: bytes, age: int) -> None:
    assert ring("a").verify(ring("a").sign(body, NOW), body, NOW + age)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_another_body_is_refused(body: bytes, other: bytes) -> None:
    assert ring("a").verify(ring("a").sign(body, NOW), other, NOW) is (body == other)


def test_in_the_overlap_both_keys_check_what_either_side_signed() -> None:
    old, new = ring("a"), ring("a", "b")
    assert new.verify(old.sign(b"x", NOW), b"x", NOW)
    assert old.verify(new.sign(b"x", NOW), b"x", NOW)


def test_after_the_overlap_the_old_key_neither_signs_nor_checks() -> None:
    old, new, later = ring("a"), ring("a", "b"), NOW + 7 * DAY
    assert "a=" not in new.sign(b"x", later)
    assert not new.verify(old.sign(b"x", later), b"x", later)
    assert [known.id for known in new.followed(key("c"), later, DAY).keys] == ["c", "b"]


def test_a_ring_is_read_as_it_was_written() -> None:
    found = ring("a", "b", "c")
    assert KeyRing.parse(json.dumps(found.value())) == found


@pytest.mark.parametrize("header", ["", "t=", "t=x", "t=1,t=2,a=3", "a=1", "t=²", "t=99999999999999", "t=1800000000"])
def test_a_header_that_is_none_is_refused(header: str) -> None:
    assert not ring("a").verify(header, b"x", NOW)


@given(st.text(max_size=60))
def test_no_header_can_break_the_check(header: str) -> None:
    assert not ring("a").verify(header, b"x", NOW)


def test_an_old_or_future_signature_is_refused() -> None:
    header = ring("a").sign(b"x", NOW)
    assert not ring("a").verify(header, b"x", NOW + 301)
    assert not ring("a").verify(header, b"x", NOW - 301)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "keys: a list"),
        ({"keys": []}, "keys: a list"),
        ({"keys": [5]}, r"keys\[0\]: an object"),
        ({"keys": [{"id": "t", "secret": "s" * 32}]}, r"keys\[0\].id"),
        ({"keys": [{"id": "a,b", "secret": "s" * 32}]}, r"keys\[0\].id"),
        ({"keys": [{"id": "a", "secret": "short"}]}, r"keys\[0\].secret: a text of 32"),
        ({"keys": [{"id": "a", "secret": "s" * 32, "until": "x"}]}, r"keys\[0\].until: a number"),
        ({"keys": [{"id": "a", "secret": "s" * 32, "until": 5}]}, "newest key has no end"),
        ({"keys": [{"id": "a", "secret": "s" * 32}] * 2}, "an id of its own"),
    ],
)
def test_what_is_no_ring_is_told_without_its_secrets(value: dict[str, Any], says: str) -> None:
    with pytest.raises(KeyRingError, match=says) as caught:
        KeyRing.of(value)
    assert "sss" not in str(caught.value)
    assert "short" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "5"])
def test_text_that_is_no_object_is_no_ring(text: str) -> None:
    with pytest.raises(KeyRingError):
        KeyRing.parse(text)
