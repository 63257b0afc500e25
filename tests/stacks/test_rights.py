"""Rights that every stack declares, against AWS's own list: what does not exist, or names nothing, grants nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from policies.documents import Statement, statements
from sandbox.rights import Access, Grants, decide
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


ACCOUNT = "123456789012"


def documents_of(stack: str, token: str) -> dict[str, str]:
    """The documents of one type's resources, by name."""
    return {found.name: as_text(found.inputs["policy"]) for found in evaluated(stack).of_type(token)}


def own(stack: str, *names: str) -> tuple[Policy, ...]:
    """Policies of roles, and those that can be attached to them, by the names of their resources."""
    found = documents_of(stack, "aws:iam/rolePolicy:RolePolicy") | documents_of(stack, "aws:iam/policy:Policy")
    return tuple(Policy.parse(name, found[name]) for name in names)


def judged(action: str, resource: str, grants: Grants, **context: str) -> str:
    """What IAM says to a role of the account; `__` stands for a colon of a condition key."""
    facts = {key.replace("__", ":"): (value,) for key, value in context.items()}
    return decide(Access(f"arn:aws:iam::{ACCOUNT}:role/r", action, (resource,), facts, "s"), grants).why


def test_a_person_reaches_the_own_folder_and_no_other() -> None:
    document = documents_of("dev", "aws:iam/rolePolicy:RolePolicy")["api-folders-authenticated-rights"]
    (folder,) = next(row.resources for row in statements(document) if row.sid == "OwnFolder")
    bucket = folder.split("/", 1)[0]
    grants = Grants(identity=own("dev", "api-folders-authenticated-rights"))
    mine: dict[str, str] = {"aws__principaltag/userid": "7"}
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert judged(action, f"{bucket}/users/7/a", grants, **mine) == "allowed"
        assert judged(action, f"{bucket}/users/8/a", grants, **mine) == "no allow"
        assert judged(action, f"{bucket}/users/77/a", grants, **mine) == "no allow"
        assert judged(action, f"{bucket}/users//a", grants) == "no allow"
    assert judged("s3:ListBucket", bucket, grants, **mine, s3__prefix="users/7/") == "allowed"
    assert judged("s3:ListBucket", bucket, grants, **mine, s3__prefix="users/") == "no allow"
    assert judged("s3:ListBucket", bucket, grants, **mine) == "no allow"


def test_a_spent_budget_begins_no_training_and_ends_none() -> None:
    job = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/mlplatform-dev-a"
    before = Grants(identity=own("dev", "training-rights"))
    after = Grants(identity=own("dev", "training-rights", "budget-stop"))
    assert judged("sagemaker:CreateTrainingJob", job, before) == "allowed"
    assert judged("sagemaker:CreateTrainingJob", job, after) == "explicit deny"
    assert judged("sagemaker:StopTrainingJob", job, after) == "allowed"


def test_lambda_places_a_function_in_the_network_and_its_code_does_not() -> None:
    grants = Grants(identity=own("dev", "api-users-rights"))
    code = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:mlplatform-dev-users"
    assert judged("ec2:CreateNetworkInterface", "*", grants) == "allowed"
    assert judged("ec2:CreateNetworkInterface", "*", grants, lambda__sourcefunctionarn=code) == "explicit deny"


def test_a_bucket_takes_nothing_without_tls_nor_by_another_key() -> None:
    document = documents_of("dev", "aws:s3/bucketPolicy:BucketPolicy")["lake-raw-policy"]
    bucket = min(next(statements(document)).resources, key=len)
    key = next(
        value
        for row in statements(document)
        for value in row.condition.get("StringNotEquals", {}).get("s3:x-amz-server-side-encryption-aws-kms-key-id", ())
    )
    everything = Policy.parse("own", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    grants = Grants(identity=(everything,), resource={bucket: Policy.parse("bucket", document)})
    safe: dict[str, str] = {"aws__securetransport": "true"}
    named: dict[str, str] = {"s3__x-amz-server-side-encryption-aws-kms-key-id": key}
    kms: dict[str, str] = {"s3__x-amz-server-side-encryption": "aws:kms"}
    other: dict[str, str] = {"s3__x-amz-server-side-encryption-aws-kms-key-id": f"{key}0"}
    written = f"{bucket}/uploads/a.csv"
    assert judged("s3:PutObject", written, grants, **safe) == "allowed"
    assert judged("s3:PutObject", written, grants, **safe, **kms, **named) == "allowed"
    assert judged("s3:PutObject", written, grants, aws__securetransport="false") == "explicit deny"
    assert judged("s3:PutObject", written, grants, **safe, **kms, **other) == "explicit deny"
    assert judged("s3:PutObject", written, grants, **safe, **kms) == "explicit deny"
    assert (
        judged("s3:PutObject", written, grants, **safe, **{"s3__x-amz-server-side-encryption": "AES256"})
        == "explicit deny"
    )
