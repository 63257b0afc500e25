"""Rights that nothing used, and the list of reasons for them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.rights.calls.written import Right, falls_under, rights
from sandbox.rights.unused import ELSEWHERE, LIST, Granted, Reason, problems, reasons, unused

BUCKET = "arn:aws:s3:::lake/users/${aws:PrincipalTag/id}/*"


def told(*used: tuple[str, str], actions: tuple[str, ...] = ("s3:GetObject", "s3:PutObject")) -> dict[str, Any]:
    """A sandbox with one role, that granted these actions on a folder and saw these uses."""
    row = {"role": "worker", "policy": "rights", "statement": "Folder"}
    return {
        "granted": [{**row, "action": action, "resource": BUCKET} for action in actions],
        "used": [{**row, "action": action, "resource": resource} for action, resource in used],
    }


def names(*several: dict[str, Any]) -> list[str]:
    return [one.right.action for one in unused(several)]


def test_a_right_is_used_where_any_sandbox_used_it() -> None:
    assert names(told(), told(("s3:GetObject", BUCKET))) == ["s3:PutObject"]


def test_a_pattern_is_used_by_any_action_that_it_stands_for() -> None:
    assert names(told(("s3:GetObjectTagging", BUCKET), actions=("s3:Get*", "s3:Put*"))) == ["s3:Put*"]


def test_a_use_of_another_resource_is_none_of_this_one() -> None:
    assert names(told(("s3:GetObject", "arn:aws:s3:::other/*"))) == ["s3:GetObject", "s3:PutObject"]


def test_a_proxy_has_an_id_of_its_own_in_each_sandbox() -> None:
    def sandbox(proxy: str, *used: str) -> dict[str, Any]:
        row = {"role": "worker", "policy": "rights", "statement": "Sign", "action": "rds-db:connect"}
        users = [f"arn:aws:rds-db:us-east-1:123456789012:dbuser:{proxy}/{user}" for user in ("one", "two")]
        granted = [{**row, "resource": user} for user in users]
        return {"granted": granted, "used": [one for one in granted if one["resource"].rpartition("/")[2] in used]}

    found = unused([sandbox("prx-03zq"), sandbox("prx-cd8n", "one")])
    assert {one.right.resource.rpartition("/")[2] for one in found} == {"two"}


def test_what_nothing_used_needs_a_line_and_a_line_needs_a_right() -> None:
    never = unused([told(("s3:GetObject", BUCKET))])
    line, stale = Reason("work*", "Folder", "s3:Put*", "later"), Reason("worker", "*", "s3:GetObject", "later")
    assert problems(never, [line]) == []
    [lacking] = problems(never, [])
    assert lacking.startswith("worker: Folder allows s3:PutObject on ")
    [gone] = problems(never, [line, stale])
    assert "role 'worker', statement '*', action 's3:GetObject': no such right is left unused" in gone


def test_a_line_for_what_only_some_runs_use_is_not_missed_in_the_others() -> None:
    everything = told(("s3:GetObject", BUCKET), ("s3:PutObject", BUCKET))
    line = Reason("worker", "Folder", "s3:PutObject", "by chance", sometimes=True)
    assert problems(unused([everything]), [line]) == []


@pytest.mark.parametrize("path", [LIST, ELSEWHERE], ids=lambda path: path.name)
def test_a_list_is_readable_and_every_reason_says_something(path: Path) -> None:
    found = reasons(path)
    assert len({(row.role, row.statement, row.action) for row in found}) == len(found)
    assert all(len(row.reason) > 10 for row in found)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ('role = "a"\nstatement = "b"\naction = "c"', "reason"),
        ('role = "a"\nstatement = "b"\naction = "c"\nreason = " "', "reason"),
        ('role = "a"\nstatement = "b"\naction = "c"\nreason = "d"\nsometimes = 1', "sometimes"),
        ('role = "a"\nstatement = "b"\naction = 3\nreason = "d"', "action"),
        ('role = "a"\nstatement = "b"\naction = "c"\nreason = "d"\nresource = "e"', "resource"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_its_number(tmp_path: Path, row: str, wrong: str) -> None:
    path = tmp_path / "unused.toml"
    path.write_text(f'[[unused]]\nrole="x"\nstatement="x"\naction="x"\nreason="x"\n[[unused]]\n{row}\n', "utf-8")
    with pytest.raises(ValueError, match=re.escape(f"unused.toml, line 2: {wrong}: each line has")):
        reasons(path)


def test_a_table_of_another_name_is_no_line_that_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "unused.toml"
    path.write_text('[[unusd]]\nrole="x"\nstatement="x"\naction="x"\nreason="x"\n', "utf-8")
    with pytest.raises(ValueError, match=re.escape("unused.toml: tables unusd: each line is a table [[unused]]")):
        reasons(path)


def test_a_line_speaks_about_the_role_of_either_region() -> None:
    line = Reason("worker", "Folder", "s3:*", "by chance")
    right = Right("policy", "Folder", "s3:GetObject", BUCKET)
    assert [line.fits(Granted(role, right)) for role in ("worker", "standby-worker", "other-worker")] == [
        True,
        True,
        False,
    ]


def test_a_document_is_read_right_by_right_and_denials_are_none() -> None:
    document = (
        '{"Statement": [{"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": ["r1", "r2"]},'
        ' {"Effect": "Deny", "Action": "a:D", "Resource": "*"}]}'
    )
    assert [(right.statement, right.action, right.resource) for right in rights("policy", document)] == [
        ("#0", "a:B", "r1"), ("#0", "a:B", "r2"), ("#0", "a:C", "r1"), ("#0", "a:C", "r2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "fits"),
    [("arn:aws:s3:::lake/users/7/a/b", True), ("arn:aws:s3:::lake/users/7", False), ("arn:aws:s3:::lake/x", False)],
)
def test_variables_stand_for_any_value(resource: str, fits: bool) -> None:
    document = f'{{"Statement": {{"Effect": "Allow", "Action": "s3:Get*", "Resource": "{BUCKET}"}}}}'
    [right] = rights("policy", document)
    assert falls_under(right, "s3:getobject", resource) is fits
