"""What tests share stays in one process when they run in several (`-n`), and no example is held to a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent
TOGETHER = ("journeys", "training", "stacks", "policies/test_stacks.py")
"""Folders and files below tests/ with fixtures for the session: sandboxes, trained models, evaluated stacks."""

# Hypothesis gives each example 200 ms by the clock, which on a busy machine says nothing about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


def group(file: str) -> str:
    """The tests that run in the same process as the tests of a file, below tests/."""
    found = next((name for name in TOGETHER if file == name or file.startswith(f"{name}/")), file)
    return "stacks" if found == "policies/test_stacks.py" else found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item.path.relative_to(ROOT).as_posix())))
