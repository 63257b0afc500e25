"""The list of what `make package` builds, each part rebuilt only when what it is made of has changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

DIST = ROOT / "dist"
"""Where everything that is built goes; git does not hold it."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One thing that is built: its name, the digest of all that it is made of, and how."""

    name: str
    inputs: str
    outputs: tuple[Path, ...]
    build: Callable[[], None]


def read_stamps(dist: Path) -> dict[str, str]:
    """What each part was made of when it was last built; empty when nothing was or the file is damaged."""
    try:
        stamps = json.loads((dist / "stamps.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in stamps.items()} if isinstance(stamps, dict) else {}


def build_all(parts: list[Part], dist: Path, say: Say) -> None:
    """Builds what is stale, in order, and writes dist/manifest.json (path → sha256).

    An interrupted build leaves its part stale, so that the next run builds it again.
    """
    dist.mkdir(parents=True, exist_ok=True)
    stamps = read_stamps(dist)
    for part in parts:
        if stamps.get(part.name) == part.inputs and all(path.exists() for path in part.outputs):
            continue
        stamps.pop(part.name, None)
        write_json(dist / "stamps.json", stamps)
        began = time.monotonic()
        part.build()
        stamps[part.name] = part.inputs
        write_json(dist / "stamps.json", stamps)
        say(f"built {part.name} in {time.monotonic() - began:.1f} s")
    files = [path for part in parts for path in part.outputs if path.is_file()]
    manifest = {path.relative_to(dist).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    write_json(dist / "manifest.json", manifest)


def write_json(path: Path, value: Mapping[str, str]) -> None:
    """Writes a sorted JSON document in one step."""
    write(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def write(path: Path, content: bytes) -> None:
    """Writes a file in one step, so that an interrupted build never leaves half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)


def empty(folder: Path) -> Path:
    """The folder, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
