"""Every value that a stack declares is one that AWS's own model of the call allows: enum, length, pattern, range."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import service_model
from sandbox.program import run
from sandbox.recipes.recipe import Recipe, Work
from sandbox.seam.create import Planner
from sandbox.seam.monitor import Made
from tests.stacks.platform import ROOT, shared

PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"
"""How Java writes all letters beyond the first plane, which Python has in one piece."""
LONGEST = "preproduction"
"""As many letters as a stack's name may have beside the project's: names made of it are the longest that there are."""


class Checker(Planner):
    """Makes nothing, and notes which parameters of a call AWS's model of it refuses."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[str] = []
        self.problems: list[str] = []

    def _carry_out(self, recipe: Recipe, work: Work) -> Made:
        service, method = recipe.call.split(".")
        shape = input_shape(service, method)
        self.calls.append(recipe.call)
        self.problems += [f"{work.name}: {problem}" for problem in problems(shape, work.parameters, method)]
        return super()._carry_out(recipe, work)


def input_shape(service: str, method: str) -> Any:
    """The model of what a call takes."""
    model = service_model(service)
    operation = next(name for name in model.operation_names if name.lower() == method.replace("_", ""))
    return model.operation_model(operation).input_shape


def problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    """What the model says against a value, and where."""
    if shape.type_name == "structure":
        yield from (f"{path} lacks {name}" for name in shape.required_members if name not in value)
        for name, inner in value.items():
            yield from problems(shape.members[name], inner, f"{path}.{name}")
        return
    if shape.type_name == "list":
        for number, inner in enumerate(value):
            yield from problems(shape.member, inner, f"{path}[{number}]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from problems(shape.key, key, f"{path}.{key}")
            yield from problems(shape.value, inner, f"{path}.{key}")
    elif shape.type_name == "string":
        yield from _text(shape, value, path)
    if shape.type_name in {"list", "map", "string", "integer", "long", "float", "double"}:
        size = len(value) if isinstance(value, str | list | dict) else value
        least, most = (float(shape.metadata.get(key, size)) for key in ("min", "max"))
        if not least <= size <= most:
            yield f"{path} is {str(value)[:80]!r}, of {size}; allowed: {least:g} to {most:g}"


def _text(shape: Any, value: str, path: str) -> Iterator[str]:
    allowed = getattr(shape, "enum", [])
    if allowed and value not in allowed:
        yield f"{path} is {value!r}; allowed: {', '.join(allowed)}"
    pattern = shape.metadata.get("pattern", "").replace(PAIRS, "\U00010000-\U0010ffff")
    # Some patterns are written with Java's classes of letters, which Python does not know.
    if pattern and r"\p{" not in pattern and not re.fullmatch(pattern, value, re.DOTALL):
        yield f"{path} is {value[:80]!r}; allowed: {pattern}"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """Production under the longest name."""
    root = tmp_path_factory.mktemp("longest")
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copy(ROOT / name, root / name)
    shutil.copy(ROOT / "Pulumi.prod.yaml", root / f"Pulumi.{LONGEST}.yaml")
    checker = Checker(root)
    run(LONGEST, maker=checker, root=root, config={"mlplatform:artifacts": str(shared())})
    return checker


def test_no_parameter_of_a_call_is_refused_by_its_model(checked: Checker) -> None:
    assert checked.problems == []
    assert len(checked.calls) > 1000
    assert len(set(checked.calls)) > 80


@pytest.mark.parametrize(
    ("call", "parameters", "said"),
    [
        pytest.param("sagemaker.create_model", {"ModelName": "a" * 64}, "of 64; allowed: 0 to 63", id="length"),
        pytest.param("sagemaker.create_model", {"ModelName": "a_b"}, "is 'a_b'; allowed: [a-zA-Z0-9]", id="pattern"),
        pytest.param("sagemaker.create_endpoint", {"EndpointName": "a"}, "lacks EndpointConfigName", id="required"),
        pytest.param("lambda.create_function", {"Runtime": "python2"}, "is 'python2'; allowed: nodejs", id="enum"),
        pytest.param("lambda.create_function", {"MemorySize": 64}, "of 64; allowed: 128 to", id="range"),
        pytest.param("dynamodb.create_table", {"KeySchema": [{}]}, "[0] lacks AttributeName", id="nested"),
    ],
)
def test_what_a_model_refuses_is_named(call: str, parameters: dict[str, Any], said: str) -> None:
    shape = input_shape(*call.split("."))
    assert any(said in problem for problem in problems(shape, parameters, call))
