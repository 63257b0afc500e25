"""Runs the real program for a stack against the recorder, with tiny files in place of what `make package` builds."""

from __future__ import annotations

import atexit
import importlib
import json
import runpy
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.declared import stand_ins as artifacts
from tests.components.recorder import Recording, record

__all__ = ["STACKS", "artifacts", "configuration", "evaluated", "previewed", "run", "shared"]

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "prod", "staging")


def configuration(stack: str) -> dict[str, str]:
    """The stack's configuration as Pulumi hands it to the program."""
    yaml = importlib.import_module("yaml")  # comes with pulumi, without type information
    content = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in content["config"].items()}


def run(stack: str, directory: Path, *, preview: bool = False, config: dict[str, Any] | None = None) -> Recording:
    """Evaluates `__main__.py` for a stack; `mlplatform:artifacts` points it to the folder of tiny files."""
    values = configuration(stack) | {"mlplatform:artifacts": str(directory)} | (config or {})
    program = str(ROOT / "__main__.py")

    def main() -> None:
        runpy.run_path(program, run_name="__main__")

    return record(main, stack=stack, config=values, preview=preview)


@cache
def shared() -> Path:
    """Tiny files for every test that leaves them as they are; removed when the tests end."""
    directory = Path(tempfile.mkdtemp(prefix="mlplatform-dist-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return artifacts(directory)


@cache
def previewed(stack: str) -> Recording:
    """A stack as a preview of an empty account sees it, shared by the tests that only look at it."""
    return run(stack, shared(), preview=True)


@cache
def evaluated(stack: str) -> Recording:
    """One evaluation of a stack, shared by the tests that only look at it."""
    return run(stack, shared())
