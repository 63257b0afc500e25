"""Rights that every stack declares, against AWS's own list: what does not exist, or names nothing, grants nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from policies.documents import Statement, statements
from sandbox.rights.actions import TABLES
from sandbox.rights.policy.document import Policy
from tests.sandbox.rights.reference import Known, asks, known, takes
from tests.stacks.platform import STACKS, evaluated

FOR_ALL: frozenset[str] = frozenset({"lambda:sourcefunctionarn"})
"""Keys of one service that calls to every service have: the function whose code calls."""

BEYOND_THE_LIST = {
    ("states:sendtasksuccess", ""): "judged by the state machine of the token, as users' refusals show",
    ("kms:describekey", "kms:encryptioncontext:*"): "a part of the statement that AWS gives for keys of logs",
    ("sts:tagsession", "cognito-identity.amazonaws.com:*"): "tags come with the token that the keys are about",
}
"""Action and what it names (a condition key, or nothing for a resource) where AWS's list has no such thing, and why."""


def declared(stack: str) -> Iterator[tuple[str, Statement]]:
    """Every statement of a stack's policies, with the resource that has it."""
    for resource in evaluated(stack).resources:
        for name, value in resource.inputs.items():
            if name.lower().endswith("policy") and isinstance(value, (str, dict)) and '"Statement"' in as_text(value):
                # The recorder names what it makes by its type; a replica of a key is a key to AWS.
                for row in statements(as_text(value).replace(":replicakey/", ":key/")):
                    yield f"{resource.name} {row.label}", row


def as_text(value: object) -> str:
    """A document as text."""
    return value if isinstance(value, str) else json.dumps(value)


def wrong(row: Statement) -> Iterator[str]:
    """What of a statement AWS does not know."""
    found = {action: known(action) for action in row.actions if "*" not in action}
    yield from (f"{action} does not exist" for action, what in found.items() if what is None)
    real = {action: what for action, what in found.items() if what is not None}
    for action, what in real.items():
        if row.resources and not any(takes(what, name) for name in row.resources) and not beyond(action, ""):
            yield f"{action} can name none of {', '.join(row.resources)}"
        for key in row.condition_keys:
            if not key.startswith("aws:") and key not in FOR_ALL and not asks(what, key) and not beyond(action, key):
                yield f"{action} does not know {key}"
    if len(real) == len(row.actions):
        yield from unnamed(row, real)


def unnamed(row: Statement, actions: dict[str, Known]) -> Iterator[str]:
    """Resources that no action of the statement can name."""
    for name in row.resources:
        if not any(takes(what, name) or beyond(action, "") for action, what in actions.items()):
            yield f"none of {', '.join(actions)} can name {name}"


def beyond(action: str, key: str) -> bool:
    """Whether it is known that AWS's list leaves this out."""
    return any(
        action.lower() == known_action and (key == form or (form.endswith("*") and key.startswith(form[:-1])))
        for known_action, form in BEYOND_THE_LIST
    )


@pytest.mark.parametrize("stack", STACKS)
def test_every_right_is_one_that_aws_knows(stack: str) -> None:
    rows = list(declared(stack))
    assert len(rows) > 300
    assert [f"{name}: {problem}" for name, row in rows for problem in wrong(row)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_policy_can_be_judged(stack: str) -> None:
    documents = [
        (resource.name, value)
        for resource in evaluated(stack).resources
        for name, value in resource.inputs.items()
        if name.lower().endswith("policy") and '"Statement"' in as_text(value)
    ]
    assert len(documents) > 80
    assert all(Policy.parse(name, as_text(value)).statements for name, value in documents)


TASK = re.compile(r"arn:aws:states:::(?:aws-sdk:)?(?P<service>[a-z]+):(?P<operation>[A-Za-z]+)")


@pytest.mark.parametrize("stack", STACKS)
def test_every_task_of_a_state_machine_has_a_row(stack: str) -> None:
    tasks = {
        (found["service"], found["operation"][0].upper() + found["operation"][1:])
        for machine in evaluated(stack).of_type("aws:sfn/stateMachine:StateMachine")
        for found in TASK.finditer(machine.inputs["definition"])
    }
    assert ("sagemaker", "CreateTrainingJob") in tasks
    assert sorted(tasks - {(service, operation) for service, table in TABLES.items() for operation in table}) == []


def test_what_goes_beyond_the_list_is_declared_somewhere() -> None:
    used = {action.lower() for stack in STACKS for _, row in declared(stack) for action in row.actions}
    assert {action for action, _ in BEYOND_THE_LIST} <= used
