"""`python -m sandbox rights`: what functions, jobs and state machines were refused, used, and never used."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sandbox.control import Control, ControlError
from sandbox.rights.calls.runtime import FILE
from sandbox.rights.report import document, text
from sandbox.rights.unused import ELSEWHERE, reasons


def found(directory: Path) -> dict[str, Any]:
    """What the sandbox that runs in a directory knows, or else what the last one left there.

    Raises:
        ControlError: none runs, and none was ended there.
    """
    try:
        told: dict[str, Any] = Control(directory).call("rights")
    except ControlError:
        left = directory / FILE
        if not left.is_file():
            raise
        told = json.loads(left.read_text(encoding="utf-8"))
    return told


def run(directory: Path, *, as_json: bool) -> int:
    """Prints it."""
    told, listed = found(directory), [*reasons(), *reasons(ELSEWHERE)]
    shown = json.dumps(document(told, listed), indent=1) if as_json else text(told, listed)
    sys.stdout.write(f"{shown}\n")
    return 0
