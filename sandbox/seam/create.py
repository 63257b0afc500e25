"""Makes declared resources by their recipes, in the local cloud or on paper."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloud import service_model
from sandbox.recipes import RECIPES
from sandbox.recipes.recipe import Answer, Caches, Clients, Databases, KeptError, Output, Recipe, RefusedError, Work
from sandbox.seam.functions import FUNCTIONS
from sandbox.seam.monitor import Declared, Made
from sandbox.seam.names import hexadecimal

_EXTEND = "add a row for it in sandbox/recipes/, or leave the resource out of this stack's configuration"
_PROVIDER_ONLY = frozenset(
    # What the provider itself acts on, at other moments than creation; no service would hold it.
    {
        "applyImmediately",
        "bucketPrefix",
        "deletionWindowInDays",
        "finalSnapshotIdentifier",
        "forceDestroy",
        "forceDetachPolicies",
        "namePrefix",
        "recoveryWindowInDays",
        "region",
        "revokeRulesOnDelete",
        "skipDestroy",
        "sourceCodeHash",
        "sourceHash",
        "tags",
        "tagsAll",
        "timeouts",
        "triggers",
    },
)


class Recorder:
    """A maker that creates nothing: each resource is recorded with the outputs that its recipe derives."""

    account = "123456789012"

    def __init__(self, root: Path | None = None) -> None:
        self._root = (root or Path.cwd()).resolve()

    def make(self, declared: Declared) -> Made:
        """Derives id and outputs."""
        recipe = _recipe(declared.type)
        work = self._work(declared)
        if declared.existing:
            work.id = declared.existing
        derive(recipe, work)
        reason = recipe.recorded or "the program was only evaluated"
        return Made(work.id, work.outputs, status="recorded", reason=reason, dropped=work.dropped)

    def answer(self, token: str, arguments: Mapping[str, Any], region: str) -> dict[str, Any]:
        """The answer of a provider's function."""
        if token not in FUNCTIONS:
            raise RefusedError(f"the sandbox has no answer for {token}; add one in sandbox/seam/functions.py")
        return FUNCTIONS[token](arguments, region, self.account)

    def _work(self, declared: Declared) -> Work:
        return Work(
            type=declared.type,
            name=declared.name,
            urn=declared.urn,
            inputs=dict(declared.inputs),
            region=declared.region,
            account=self.account,
            root=self._root,
        )


class Planner(Recorder):
    """A maker that works out what would be created, recorded and dropped, and calls nothing."""

    def make(self, declared: Declared) -> Made:
        """Plans one resource."""
        recipe = _recipe(declared.type)
        if declared.existing or not recipe.call:
            made = super().make(declared)
            reason = "belongs to another program and is only read" if declared.existing else recipe.recorded
            return Made(made.id, made.outputs, status="recorded", reason=reason)
        work = self._work(declared)
        operation, shape = _operation(*recipe.call.split("."))
        _parameters(recipe, work, shape, operation)
        try:
            if recipe.shape:
                recipe.shape(work)
        except KeptError as kept:
            derive(recipe, work)
            return Made(work.id, work.outputs, status="recorded", reason=str(kept))
        return self._carry_out(recipe, work)

    def _carry_out(self, recipe: Recipe, work: Work) -> Made:
        derive(recipe, work)
        return Made(work.id, work.outputs, dropped=work.dropped)


class Creator(Planner):
    """A maker that creates in the local cloud what has a call, and records the rest with its reason."""

    def __init__(
        self,
        cloud: Clients,
        caches: Caches | None = None,
        root: Path | None = None,
        databases: Databases | None = None,
    ) -> None:
        super().__init__(root)
        self.account = cloud.account
        self._cloud = cloud
        self._caches, self._databases = caches, databases
        self._one_at_a_time = threading.Lock()

    def _carry_out(self, recipe: Recipe, work: Work) -> Made:
        work.cloud, work.caches, work.databases = self._cloud, self._caches, self._databases
        with self._one_at_a_time:
            _initialise(recipe.call, self.account, work.region)
            # The ids that moto draws depend on the resource alone, whatever was made before it.
            _seed(work.urn)
            region = recipe.caller(work) if recipe.caller else work.region
            answer = work.call_in(region, recipe.call, **work.parameters)
            work.answer = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            derive(recipe, work)
            if recipe.after:
                recipe.after(work)
            # What comes later, such as the ids of users, must not repeat from run to run.
            _seed(None)
        return Made(work.id, work.outputs, dropped=work.dropped)


def derive(recipe: Recipe, work: Work) -> None:
    """Sets id and outputs from the answer and the templates."""
    work.id = work.id or str(_output(recipe.id, work) or "")
    for name, output in recipe.outputs.items():
        value = _output(output, work)
        if value is not None:
            work.outputs[name] = value
    # An id such as "{arn}" is made of an output.
    work.id = work.id or str(_output(recipe.id, work) or hexadecimal(work.urn, 16))


def _recipe(token: str) -> Recipe:
    if token not in RECIPES:
        raise RefusedError(f"the sandbox knows no type {token}; {_EXTEND}")
    return RECIPES[token]


def _output(output: Output, work: Work) -> Any:
    if isinstance(output, str):
        return work.fill(output)
    if not isinstance(output, Answer):
        return output(work)
    found: Any = work.answer
    for step in output.path.split("."):
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        elif isinstance(found, dict):
            found = found.get(step)
    if work.cloud is not None:
        return found
    return work.fill(output.otherwise) if output.otherwise else None


def _parameters(recipe: Recipe, work: Work, shape: Any, operation: str) -> None:
    from sandbox.seam.fields import noun_of, parameters

    inputs = {
        key: value
        for key, value in work.inputs.items()
        if key not in _PROVIDER_ONLY and key not in recipe.by_hand and value is not None
    }
    work.parameters, left = parameters(shape, inputs, rename=recipe.rename, noun=noun_of(operation))
    for path in left:
        work.dropped[path] = recipe.lost.get(path) or f"{operation} has no such parameter"
    for path, reason in recipe.lost.items():
        if _declared(work.inputs, path.split(".")):
            work.dropped[path] = reason
    _tags(recipe, work, shape)


def _tags(recipe: Recipe, work: Work, shape: Any) -> None:
    from sandbox.seam.fields import parameters

    tags = work.inputs.get("tagsAll")
    if not tags or not recipe.tags:
        return
    if recipe.tags.startswith("ec2:"):
        kind = recipe.tags.removeprefix("ec2:")
        work.parameters["TagSpecifications"] = [{"ResourceType": kind, "Tags": work.tags()}]
        return
    added, left = parameters(shape, {recipe.tags: tags})
    if left:
        work.dropped["tags"] = "the call takes no tags"
    work.parameters.update(added)


def _declared(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_declared(item, path) for item in value)
    if not path:
        return value not in (None, [], {}, "")
    return isinstance(value, Mapping) and path[0] in value and _declared(value[path[0]], path[1:])


def _initialise(call: str, account: str, region: str) -> None:
    """Lets a service draw what it draws once at its start before the draw of a resource is fixed."""
    from moto.backends import get_backend

    if call.startswith("ec2."):
        backends: Any = get_backend("ec2")
        backends[account][region]


def _seed(urn: str | None) -> None:
    from moto.moto_api._internal import mock_random

    mock_random.seed(urn)


@cache
def _operation(service: str, method: str) -> tuple[str, Any]:
    """The operation's name and its input shape."""
    from botocore import xform_name

    model = service_model(service)
    operation = next(name for name in model.operation_names if xform_name(name) == method)
    return operation, model.operation_model(operation).input_shape
