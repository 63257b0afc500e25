"""Every access to a table is on record: what the code does, what roles may do, and the rows agree; nothing scans."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from artifacts.reference import FOLDER
from components.tables.access import ACCESS, WORKFLOW
from components.tables.plan import INDEXES, TABLES
from components.tables.reference import page
from tests.stacks.platform import evaluated

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = {
    "batch_execute_statement": "BatchExecuteStatement",
    "batch_get_item": "BatchGetItem",
    "batch_write_item": "BatchWriteItem",
    "delete_item": "DeleteItem",
    "execute_statement": "ExecuteStatement",
    "get_item": "GetItem",
    "put_item": "PutItem",
    "query": "Query",
    "scan": "Scan",
    "transact_get_items": "TransactGetItems",
    "transact_write_items": "TransactWriteItems",
    "update_item": "UpdateItem",
}
"""The SDK's method → the operation."""

NOT_A_REQUEST = {"approvals", "batchwork", "callbacks", "compare", "intake", "release", "standby", WORKFLOW}
ROLES = {"follower": "standby"}
"""Role → capability, where they are called otherwise."""

ROW = "add a row to ACCESS in components/tables/access.py, or take the access away"


def index_of(call: ast.Call) -> str:
    return next(
        (
            str(word.value.value)
            for word in call.keywords
            if word.arg == "IndexName" and isinstance(word.value, ast.Constant)
        ),
        "",
    )


def accesses(path: Path) -> Iterator[tuple[str, str, str]]:
    """File, operation and index of each call of DynamoDB in a file, by the SDK or by a signed request."""
    tree, where = ast.parse(path.read_text(encoding="utf-8")), path.as_posix().removeprefix(f"{ROOT}/")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    pages = {
        id(call.func.value): call
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "paginate"
    }
    for call in calls:
        assert isinstance(call.func, ast.Attribute)
        name, first = call.func.attr, call.args[0] if call.args else None
        said = first.value if isinstance(first, ast.Constant) else None
        if name in OPERATIONS:
            yield where, OPERATIONS[name], index_of(call)
        elif name == "get_paginator" and said in OPERATIONS:
            yield where, OPERATIONS[str(said)], index_of(pages[id(call)])
        elif name == "call" and said in OPERATIONS.values():
            yield where, str(said), ""


def done() -> set[tuple[str, str, str]]:
    return {found for path in sorted((ROOT / "functions").rglob("*.py")) for found in accesses(path)}


def granted(stack: str, region: str = "") -> set[tuple[str, str, str, str]]:
    """Capability, action, table and index of every right on a table that a role of one region holds."""
    found = set()
    for policy in evaluated(stack).of_type("aws:iam/rolePolicy:RolePolicy"):
        if policy.name.startswith("standby-") != (region == "standby"):
            continue
        noun = policy.name.removeprefix("standby-").removesuffix("-rights")
        caller = ROLES.get(noun, re.sub(r"^(api|training|batches)-(identity-)?", "", noun))
        for row in json.loads(policy.inputs["policy"])["Statement"]:
            for action in row["Action"]:
                for resource in row["Resource"] if action.startswith("dynamodb:") else ():
                    _, _, rest = resource.partition(f":table/mlplatform-{stack}-")
                    table, _, index = rest.partition("/index/")
                    # Streams tell of changes; whoever hears of one, or lists them, reads no table by that.
                    if "/stream/" not in rest and action != "dynamodb:ListStreams":
                        found.add((caller, action, table, index))
    return found


def test_every_call_of_the_functions_has_a_row() -> None:
    rows = {(row.source, row.operation, row.index) for row in ACCESS}
    assert sorted(done() - rows) == [], ROW


def test_every_row_is_a_call_that_exists() -> None:
    rows = {(row.source, row.operation, row.index) for row in ACCESS if row.source.startswith("functions/")}
    assert sorted(rows - done()) == []
    states = (ROOT / "components/training_workflow/tasks.py").read_text(encoding="utf-8")
    assert set(re.findall(r"dynamodb:(\w+)", states)) == {"updateItem"}


def test_nothing_reads_a_whole_table() -> None:
    assert [found for found in done() if found[1] in {"Scan", "ExecuteStatement", "BatchExecuteStatement"}] == []
    assert not {row.operation for row in ACCESS} & {"Scan"}


def test_a_query_names_an_index_that_is_deployed() -> None:
    for row in ACCESS:
        assert bool(row.index) == (row.operation == "Query"), row
        assert not row.index or row.index in INDEXES[row.table], row
        assert row.key


@pytest.mark.parametrize(("stack", "region"), [("dev", ""), ("prod", ""), ("prod", "standby")])
def test_roles_may_do_what_the_rows_say_and_nothing_else(stack: str, region: str) -> None:
    rows = {(caller, action, row.table, row.index) for row in ACCESS for caller in row.by for action in row.actions}
    found = granted(stack, region)
    assert sorted(found - rows) == [], f"granted without a row: {ROW}"
    deployed = {caller for caller, *_ in found}
    wanted = {row for row in rows if row[0] in deployed}
    assert sorted(wanted - found) == [], "a row that its role may not do: grant it in the component"


def test_every_caller_of_a_row_is_deployed() -> None:
    deployed = {caller for caller, *_ in granted("prod")}
    assert {caller for row in ACCESS for caller in row.by} == deployed


def test_rows_say_whether_somebody_waits() -> None:
    assert [row for row in ACCESS if row.request == bool(set(row.by) & NOT_A_REQUEST)] == []


def test_the_page_of_tables_is_current() -> None:
    assert (FOLDER / "tables.md").read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("table", TABLES)
def test_the_page_has_every_table(table: str) -> None:
    assert f"| `{table}` |" in page()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("client('dynamodb').scan(TableName='t')", ("Scan", "")),
        ("client('dynamodb').get_paginator('scan').paginate(TableName='t')", ("Scan", "")),
        ("client('dynamodb').get_paginator('query').paginate(IndexName='I')", ("Query", "I")),
        ("service.call('Scan', {})", ("Scan", "")),
        ("table.query(IndexName='I')", ("Query", "I")),
    ],
)
def test_each_way_to_call_is_seen(code: str, found: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    assert [row[1:] for row in accesses(path)] == [found]
