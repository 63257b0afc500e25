"""What roles used and were refused in the shared sandboxes, added up at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.control import Control
from tests.journeys.support.deployed import Deployed

FOLDER = Path(__file__).resolve().parents[1]
LAST = "test_rights_used.py"
"""The journeys that come after all others."""
WHOLE = pytest.StashKey[bool]()
"""Whether all journeys are part of the run."""
EXPECTED: set[tuple[str, str]] = set()
"""Role and action of refusals that a journey brought about."""


def told(deployed: Deployed) -> dict[str, Any]:
    """What a running sandbox knows of rights."""
    found: dict[str, Any] = Control(deployed.place.home).call("rights")
    return found


def refused(several: Sequence[dict[str, Any]]) -> list[str]:
    """Refusals that no journey brought about."""
    rows = [row for one in several for row in one["refused"] if (row["role"], row["action"]) not in EXPECTED]
    return [f"{row['role']} {row['action']} {row['times']} times: {row['text']}" for row in rows]


def whole(files: set[Path]) -> bool:
    """Whether every file of journeys is part of this run."""
    return set(FOLDER.rglob("test_*.py")) <= files
