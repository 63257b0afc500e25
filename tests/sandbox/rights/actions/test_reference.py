"""The rows against AWS's own list: every action exists, names what it can name and tells keys that it knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.rights.actions.case import asked
from tests.sandbox.rights.actions.services import SERVICES
from tests.sandbox.rights.actions.stores import STORES
from tests.sandbox.rights.reference import asks, known, meet, takes

BEYOND_THE_LIST = {
    "states:SendTaskFailure": "judged by the state machine of the token, as users' refusals show",
    "states:SendTaskHeartbeat": "as above",
    "states:SendTaskSuccess": "as above",
}
"""Actions that name a resource which AWS's list leaves out, and why."""

ROWS = [
    pytest.param(one.service, operation, one.params, id=f"{one.service} {operation} {number}")
    for number, one in enumerate((*STORES, *SERVICES))
    for operation, needs in one.each()
    if needs
]


@pytest.mark.parametrize(("service", "operation", "params"), ROWS)
def test_actions_resources_and_keys_are_aws_s(service: str, operation: str, params: dict[str, Any]) -> None:
    wrong = []
    for access in asked(service, operation, **params):
        found = known(access.action)
        if found is None:
            wrong.append(f"{access.action} does not exist")
            continue
        wrong += [
            f"{access.action} cannot name {resource}"
            for resource in access.resources
            if not takes(found, resource) and access.action not in BEYOND_THE_LIST
        ]
        wrong += [
            f"{access.action} does not know {key}"
            for key in access.context
            if not key.startswith("aws:") and not asks(found, key)
        ]
    assert wrong == []


def test_what_goes_beyond_the_list_still_does() -> None:
    assert [action for action in BEYOND_THE_LIST if (found := known(action)) is None or found.resources] == []


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        ("a*c", "abc", True),
        ("a*", "*c", True),
        ("a*c", "b*", False),
        ("", "*", True),
        ("*a", "ab", False),
        ("arn:*:table/t/index/*", "arn:*:table/*", True),
    ],
)
def test_two_patterns_meet_where_a_text_matches_both(one: str, other: str, *, met: bool) -> None:
    assert meet(one, other) is met
    assert meet(other, one) is met
