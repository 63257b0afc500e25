"""Which resource a property names, before and after the names are known."""

from __future__ import annotations

import pytest

from policies.resources import Node, Stack, UndecidedError, Unknown

BUCKET, VERSIONING, REPLICATION = "aws:s3/bucket:Bucket", "versioning", "replication"


def nodes(*, passed_on: str = "bucket", names: dict[str, frozenset[str]] | None = None) -> Stack:
    """Two buckets of an empty account; replication names the first by way of its versioning."""
    unknown = {"bucket": Unknown("bucket")}
    return Stack(
        [
            Node(urn="one", type=BUCKET, name="one", props={}, references={}),
            Node(urn="two", type=BUCKET, name="two", props={}, references={}),
            Node(
                urn="versions",
                type=VERSIONING,
                name="versions",
                props=unknown,
                references={passed_on: frozenset({"one"})},
            ),
            Node(
                urn="copies",
                type=REPLICATION,
                name="copies",
                props=unknown,
                dependencies=frozenset({"one", "two"}),
                references=names,
            ),
        ]
    )


def named(stack: Stack) -> list[str]:
    return [bucket.name for bucket in stack.of_type(BUCKET) if bucket.companions(REPLICATION, "bucket")]


def test_a_property_names_what_its_value_comes_from() -> None:
    assert named(nodes(names={"bucket": frozenset({"two"})})) == ["two"]


def test_a_name_may_come_by_way_of_a_resource_that_takes_and_gives_it() -> None:
    assert named(nodes(names={"bucket": frozenset({"versions"})})) == ["one"]


def test_what_another_property_takes_is_not_passed_on() -> None:
    assert named(nodes(passed_on="key", names={"bucket": frozenset({"versions"})})) == []


def test_where_only_dependencies_are_told_and_two_would_fit_nothing_is_decided() -> None:
    with pytest.raises(UndecidedError, match="bucket of copies is not known before the update"):
        named(nodes(names=None))
