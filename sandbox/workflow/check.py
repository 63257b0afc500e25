"""What a definition must hold before a state machine is made: whatever this engine cannot run is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import StructureShape

from sandbox.workflow.names import NoSuchOperationError, operation_model

NATIVE: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "lambda": (frozenset({"invoke"}), frozenset({"", "waitForTaskToken"})),
    "sns": (frozenset({"publish"}), frozenset({"", "waitForTaskToken"})),
    "sqs": (frozenset({"sendMessage"}), frozenset({"", "waitForTaskToken"})),
    "events": (frozenset({"putEvents"}), frozenset({"", "waitForTaskToken"})),
    "dynamodb": (frozenset({"getItem", "putItem", "updateItem", "deleteItem"}), frozenset({""})),
    "states": (frozenset({"startExecution"}), frozenset({"", "sync", "sync:2", "waitForTaskToken"})),
    "sagemaker": (
        frozenset(
            {
                "createEndpoint",
                "createEndpointConfig",
                "createModel",
                "createProcessingJob",
                "createTrainingJob",
                "updateEndpoint",
            }
        ),
        frozenset({"", "sync"}),
    ),
}
"""Optimized integrations that run here: operations, and how a state may wait for them."""

SYNC_JOBS = frozenset({"createTrainingJob", "createProcessingJob"})
"""The operations of SageMaker whose end can be waited for."""

TYPES = frozenset({"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"})


def problems(definition: str) -> list[str]:
    """Everything in a definition that cannot run here, each with the name of its state."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [f"the definition is not JSON: {error}"]
    if not isinstance(machine, dict):
        return ["the definition must be a JSON object"]
    found = []
    if machine.get("QueryLanguage", "JSONPath") != "JSONPath":
        found.append(f"QueryLanguage {machine['QueryLanguage']!r}: the sandbox evaluates JSONPath only")
    return [*found, *_machine(machine, "the state machine")]


def _machine(machine: Mapping[str, Any], where: str) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"{where} has no States"
        return
    if machine.get("StartAt") not in states:
        yield f"{where}: StartAt {machine.get('StartAt')!r} is none of its states: {', '.join(sorted(states))}"
    for name, state in states.items():
        if not isinstance(state, dict):
            yield f"state {name!r} must be an object"
            continue
        yield from (f"state {name!r}: {words}" for words in _state(state, states))
        for key in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(key), dict):
                yield from _machine(state[key], f"{key} of state {name!r}")
        for number, branch in enumerate(state.get("Branches") or []):
            yield from _machine(branch, f"branch {number} of state {name!r}")


def _state(state: Mapping[str, Any], states: Mapping[str, Any]) -> Iterator[str]:
    if state.get("Type") not in TYPES:
        yield f"Type {state.get('Type')!r} must be one of {', '.join(sorted(TYPES))}"
    if state.get("QueryLanguage", "JSONPath") != "JSONPath":
        yield "the sandbox evaluates JSONPath only"
    if "Assign" in state:
        yield "the sandbox has no variables (Assign); pass values along by ResultPath"
    for target in _targets(state):
        if target not in states:
            yield f"leads to {target!r}, which is none of the states: {', '.join(sorted(states))}"
    if state.get("Type") == "Task":
        yield from _task(state)


def _targets(state: Mapping[str, Any]) -> Iterator[Any]:
    yield from (state[key] for key in ("Next", "Default") if key in state)
    for key in ("Choices", "Catch"):
        yield from (entry["Next"] for entry in state.get(key) or [] if isinstance(entry, dict) and "Next" in entry)


def _task(state: Mapping[str, Any]) -> Iterator[str]:
    resource = str(state.get("Resource", ""))
    parts = resource.split(":", 6)
    if len(parts) == 7 and parts[2] == "lambda" and parts[5] == "function":
        return
    if len(parts) != 7 or parts[:3] != ["arn", "aws", "states"]:
        yield f"Resource {resource!r} must be a function or arn:aws:states:::service:operation"
        return
    service, (action, _, pattern) = parts[5], parts[6].partition(".")
    try:
        if service == "aws-sdk":
            sdk_service, _, action = action.partition(":")
            yield from _pattern(pattern, frozenset({"", "waitForTaskToken"}), resource)
            yield from _parameters(state, sdk_service, action)
        elif service in NATIVE:
            yield from _native(state, service, action, pattern)
        elif service != "activity":
            yield f"{resource}: the sandbox integrates {', '.join(sorted(NATIVE))} and aws-sdk"
        else:
            yield f"{resource}: the sandbox has no activities"
    except NoSuchOperationError as error:
        yield f"{resource}: {error}"


def _native(state: Mapping[str, Any], service: str, action: str, pattern: str) -> Iterator[str]:
    actions, patterns = NATIVE[service]
    if action not in actions:
        yield f"{service}:{action}: the sandbox has {', '.join(sorted(actions))} of {service}"
        return
    if service == "sagemaker" and action not in SYNC_JOBS:
        patterns = frozenset({""})
    yield from _pattern(pattern, patterns, f"{service}:{action}")
    yield from _parameters(state, service, action)


def _pattern(pattern: str, allowed: frozenset[str], what: str) -> Iterator[str]:
    if pattern not in allowed:
        known = ", ".join(f".{name}" for name in sorted(allowed) if name) or "none"
        yield f"{what} cannot wait by .{pattern}; it can by: {known}"


def _parameters(state: Mapping[str, Any], service: str, action: str) -> Iterator[str]:
    shape = operation_model(service, action).input_shape
    given = state.get("Parameters") or {}
    if not isinstance(shape, StructureShape) or not isinstance(given, dict):
        return
    members = {name.lower() for name in shape.members}
    for name in given:
        if name.removesuffix(".$").lower() not in members:
            known = ", ".join(sorted(shape.members))
            yield f"{service}:{action} has no parameter {name.removesuffix('.$')!r}; it has {known}"
    missing = {name.lower() for name in shape.required_members} - {name.removesuffix(".$").lower() for name in given}
    tokens = {name.lower() for name, member in shape.members.items() if member.metadata.get("idempotencyToken")}
    for name in shape.required_members:
        if name.lower() in missing - tokens:
            yield f"{service}:{action} needs parameter {name!r}"
