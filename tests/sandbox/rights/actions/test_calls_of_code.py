"""Every call that the platform's code makes has a row, and every row is an operation of the SDK."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from functions.shared.aws.calls import OPERATIONS, SERVICES
from sandbox.rights.actions import TABLES
from sandbox.rights.actions.call import public
from sandbox.rights.actions.roles import ANYONE

ROOT = Path(__file__).resolve().parents[4]
NAMED = frozenset({"generate_presigned_url", "get_paginator", "get_waiter"})
"""Methods of a client that name the operation in their first argument."""


def client_of(node: ast.expr, known: dict[str, str]) -> str:
    """The service of an expression that is a client: `client("s3")`, with a region or not, or a name for one."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "client":
        service = node.args[0]
        assert isinstance(service, ast.Constant), ast.unparse(node)
        return str(service.value)
    return ""


def names_of(function: ast.AST) -> dict[str, str]:
    """Names that stand for clients: `sagemaker, hosting = client("sagemaker"), self._hosting`."""
    found: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            pairs = (
                zip(target.elts, node.value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for name, value in pairs:
                if isinstance(name, ast.Name) and (service := client_of(value, {})):
                    found[name.id] = service
    return found


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """Service and method of every call by the SDK in a file."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        known = names_of(function)
        for node in ast.walk(function):
            inner = node.func if isinstance(node, ast.Call) else None
            if isinstance(inner, ast.Attribute) and inner.attr in NAMED and isinstance(node, ast.Call):
                if service := client_of(inner.value, known):
                    (named, *_) = node.args
                    assert isinstance(named, ast.Constant), ast.unparse(node)
                    yield service, str(named.value)
            elif (
                isinstance(node, ast.Attribute) and node.attr not in NAMED and (service := client_of(node.value, known))
            ):
                yield service, node.attr


def lean_calls(path: Path) -> Iterator[str]:
    """Operations of calls without the SDK: `service.call("GetItem", …)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call":
            for given in node.args[:1]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value


def files() -> list[Path]:
    return sorted((ROOT / "functions").rglob("*.py"))


def test_every_call_by_the_sdk_has_a_row() -> None:
    made = {call for path in files() for call in calls(path)}
    assert len(made) > 50
    rows = {(service, xform_name(operation)) for service, table in TABLES.items() for operation in table}
    assert sorted(made - rows) == []


def test_every_call_without_the_sdk_has_a_row() -> None:
    made = {operation for path in files() for operation in lean_calls(path)} | set(OPERATIONS.values())
    assert made
    rows = {operation for service in SERVICES for operation in TABLES[service]}
    assert sorted(made - rows) == []


@pytest.mark.parametrize("service", sorted(set(TABLES) - {"rds-db"}))
def test_every_row_is_an_operation_of_the_sdk(service: str) -> None:
    model = Loader().load_service_model(service, "service-2")
    assert sorted(set(TABLES[service]) - set(model["operations"])) == []
    unsigned = {name for name, row in model["operations"].items() if row.get("authtype") == "none"}
    asks_nobody = {name for name, row in TABLES[service].items() if row is public}
    # Who may call an operation that is not signed, IAM cannot tell; the caller's identity is told to anyone.
    assert asks_nobody - unsigned <= {"GetCallerIdentity"} | set(ANYONE)
    assert unsigned & set(TABLES[service]) <= asks_nobody | {"AssumeRoleWithWebIdentity"}
