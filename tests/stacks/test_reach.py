"""Without a NAT gateway, what private functions and jobs call has an endpoint, and every endpoint has a caller."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components.network.plan import INTERFACE_SERVICES, NEEDED_SERVICES
from tests.components.recorder import Recorded
from tests.stacks.platform import ROOT, STACKS, configuration, evaluated

GATEWAYS = {"dynamodb", "s3"}
BY_LAMBDA = {"ec2", "kms", "logs", "sqs", "xray"}
"""What the Lambda service does in the role's name, outside of the network: interfaces, environment, log, traces, and
events that a function failed to handle."""
BY_CONNECTION = {"rds-db"}
"""Rights to sign in to a host inside the network; nothing of AWS is called for it."""
OF_ACTION = {"bedrock": "bedrock-runtime", "cloudwatch": "monitoring", "sagemaker": "sagemaker.api"}
OF_CLIENT = {
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
    "stepfunctions": "states",
    "cloudwatch": "monitoring",
}
"""Names of endpoints where they differ from an action's prefix or a client's name."""
NEVER_NAMED = {"kms"}
"""AWS decrypts secrets and items itself: with the caller's right, but without its network."""


def private(stack: str) -> list[Recorded]:
    """Functions that stand in the network."""
    functions = evaluated(stack).of_type("aws:lambda/function:Function")
    return [row for row in functions if row.inputs.get("vpcConfig")]


def by_role(stack: str, function: Recorded) -> set[str]:
    """Endpoints for what the function's role may do."""
    name = function.name.removesuffix("-function")
    rights = [
        row.inputs["policy"]
        for row in evaluated(stack).of_type("aws:iam/rolePolicy:RolePolicy")
        if row.parent == function.parent
    ]
    assert rights, name
    actions = {
        action
        for document in rights
        for statement in json.loads(document)["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }
    found = set()
    for action in actions:
        prefix, operation = action.split(":")
        invoked = prefix == "sagemaker" and operation.startswith("InvokeEndpoint")
        found.add("sagemaker.runtime" if invoked else OF_ACTION.get(prefix, prefix))
    return found - BY_LAMBDA - BY_CONNECTION


@cache
def by_code(module: str) -> frozenset[str]:
    """Endpoints for the clients that a module and what it imports of functions/ make."""
    seen: set[str] = set()
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if name in seen or path is None:
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions"):
                waiting += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            found |= _client(node)
    return frozenset(OF_CLIENT.get(name, name) for name in found)


def _file(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _client(node: ast.AST) -> set[str]:
    makes = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    if not makes or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return set()
    first = node.args[0]
    named = node.func.id in {"Service", "client", "endpoint_of"} and isinstance(first, ast.Constant)
    return {str(first.value)} if named and isinstance(first, ast.Constant) else set()


def endpoints(stack: str) -> set[str]:
    """Services that have an endpoint in the network."""
    found = evaluated(stack).of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    return {row.inputs["serviceName"].split(".", 3)[3] for row in found}


def needed(stack: str) -> dict[str, set[str]]:
    """Private function → endpoints that it needs."""
    return {
        row.name: by_role(stack, row) | set(by_code(row.inputs["handler"].rpartition(".")[0])) for row in private(stack)
    }


def without_nat(stack: str) -> bool:
    return bool(json.loads(configuration(stack)["mlplatform:network"]).get("nat", "none") == "none")


@pytest.mark.parametrize("stack", [stack for stack in STACKS if without_nat(stack)])
def test_every_service_that_a_private_function_calls_has_an_endpoint(stack: str) -> None:
    missing = {name: services - endpoints(stack) for name, services in needed(stack).items()}
    assert {name: services for name, services in missing.items() if services} == {}


@pytest.mark.parametrize("stack", STACKS)
def test_every_endpoint_is_called_by_a_private_function(stack: str) -> None:
    assert endpoints(stack) - GATEWAYS - set().union(*needed(stack).values()) == set()


@pytest.mark.parametrize("stack", STACKS)
def test_private_functions_exist_and_call_what_their_roles_allow(stack: str) -> None:
    found = needed(stack)
    assert {"api-predictions-function", "training-release-function"} <= set(found)
    assert found["api-predictions-function"] >= {"sagemaker.runtime", "secretsmanager", "dynamodb", "cognito-idp"}
    for row in private(stack):
        code = by_code(row.inputs["handler"].rpartition(".")[0])
        assert by_role(stack, row) - NEVER_NAMED <= code, f"{row.name} may call what its code never names"


@pytest.mark.parametrize("stack", STACKS)
def test_what_jobs_and_models_do_in_the_network_is_reading_s3(stack: str) -> None:
    recording = evaluated(stack)
    machines = [json.loads(row.inputs["definition"]) for row in recording.of_type("aws:sfn/stateMachine:StateMachine")]
    placed = [found for machine in machines for found in _with_network(machine)]
    assert placed
    assert all(isolated for _network, isolated in placed)
    models = [row for row in recording.of_type("aws:sagemaker/model:Model") if row.inputs.get("vpcConfig")]
    assert all(row.inputs["enableNetworkIsolation"] for row in models)
    assert "s3" in endpoints(stack)


def _with_network(value: Any) -> list[tuple[Any, bool]]:
    """Parameters that name a network, with whether the container in it is isolated."""
    if isinstance(value, list):
        return [found for item in value for found in _with_network(item)]
    if not isinstance(value, dict):
        return []
    inner = [found for item in value.values() for found in _with_network(item)]
    if "VpcConfig" in value:
        inner.append((value["VpcConfig"], value.get("EnableNetworkIsolation") is True))
    return inner


def test_the_services_that_are_always_needed_are_known() -> None:
    assert set(NEEDED_SERVICES) <= set(INTERFACE_SERVICES)
