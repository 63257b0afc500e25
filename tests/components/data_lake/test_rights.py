"""Rights of the lake reach one folder and nothing beside it, whatever the folder is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.data_lake import documents
from components.data_lake.documents import BUCKETS
from components.values import Statement
from functions.shared.places import LAYOUT
from tests.components.recorder import record

BUCKET = "arn:aws:s3:::lake"
KEY = "arn:aws:kms:us-east-1:123456789012:key/data"
RIGHTS: tuple[Callable[..., list[Statement]], ...] = (documents.read, documents.write)
letters = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=8)
folders = st.lists(letters, min_size=1, max_size=3).map(lambda names: "/".join(names) + "/")


def granted(right: Callable[..., list[Statement]], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = record(lambda: right("raw", prefix, BUCKET, KEY)).value
    return found


def resources(statements: Sequence[dict[str, Any]]) -> list[str]:
    return [arn for row in statements for arn in row["Resource"] if arn.startswith(f"{BUCKET}/")]


def likes(row: dict[str, Any], key: str) -> list[str]:
    found: list[str] = row.get("Condition", {}).get("StringLike", {}).get(key, [])
    return found


def listed(row: dict[str, Any]) -> list[str]:
    return likes(row, "s3:prefix")


def contexts(row: dict[str, Any]) -> list[str]:
    return likes(row, "kms:EncryptionContext:aws:s3:arn")


@pytest.mark.parametrize("right", RIGHTS, ids=["read", "write"])
@settings(max_examples=25, deadline=None)
@given(cases=st.lists(st.tuples(folders, letters, letters), min_size=1, max_size=20))
def test_a_right_reaches_what_lies_below_its_folder_and_never_a_neighbour(
    right: Callable[..., list[Statement]], cases: list[tuple[str, str, str]]
) -> None:
    # One run of the engine for all of them.
    found = record(lambda: {str(n): right("raw", folder, BUCKET, KEY) for n, (folder, *_) in enumerate(cases)}).value
    for number, (folder, more, rest) in enumerate(cases):
        statements: list[dict[str, Any]] = found[str(number)]
        patterns = resources(statements)
        patterns += [f"{BUCKET}/{prefix}" for row in statements for prefix in listed(row)]
        patterns += [arn for row in statements for arn in contexts(row) if arn != BUCKET]
        assert patterns
        for pattern in patterns:
            assert fnmatchcase(f"{BUCKET}/{folder}{rest}", pattern)
            assert not fnmatchcase(f"{BUCKET}/{folder.rstrip('/')}{more}/{rest}", pattern)


@pytest.mark.parametrize("right", RIGHTS, ids=["read", "write"])
@pytest.mark.parametrize("prefix", [prefix for places in LAYOUT.values() for prefix in places])
def test_each_place_can_be_granted_and_nothing_around_it_comes_along(
    right: Callable[..., list[Statement]], prefix: str
) -> None:
    statements = granted(right, prefix)
    assert set(resources(statements)) == {f"{BUCKET}/{prefix}*"}
    for row in statements:
        assert ("s3:ListBucket" in row["Action"]) == (listed(row) == [f"{prefix}*"])
        # With a bucket key S3 names the bucket to KMS, without one the object.
        assert row["Resource"] != [KEY] or contexts(row) == [BUCKET, f"{BUCKET}/{prefix}*"]


@pytest.mark.parametrize("right", RIGHTS, ids=["read", "write"])
@settings(deadline=None)
@given(prefix=st.text(max_size=12))
def test_a_prefix_that_reaches_further_than_it_looks_is_refused(
    right: Callable[..., list[Statement]], prefix: str
) -> None:
    fine = prefix == "" or (prefix.endswith("/") and not prefix.startswith("/") and not set(prefix) & set("*?$"))
    if fine:
        documents.check_prefix(prefix)
    else:
        with pytest.raises(ValueError, match="allowed: empty for the whole bucket, or a folder such as uploads/"):
            right("raw", prefix, BUCKET, None)


def test_places_are_folders_of_the_lakes_buckets() -> None:
    assert set(LAYOUT) == set(BUCKETS)
    for places in LAYOUT.values():
        for prefix in places:
            documents.check_prefix(prefix)
            assert prefix
