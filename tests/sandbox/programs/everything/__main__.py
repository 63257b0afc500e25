"""Declares one resource of each type that the sandbox knows, with the inputs that a platform would give."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

HERE = Path(__file__).parent
for part in ("network", "storage", "compute", "database", "recovery", "serving", "edge", "governance"):
    run_path(str(HERE / f"{part}.py"))
