"""The folder that plays a container's /opt/ml, and the places where a job's definition names that path."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.processes import inherited

_OPT_ML = re.compile(r"(?<![\w.\-/])/opt/ml(?=$|[^\w.\-])")
_PLAIN = re.compile(r"[\w./\-]+")


def rewritten(value: Any, root: Path) -> Any:
    """A value with each `/opt/ml` that begins a path replaced by the folder that plays it, at any depth."""
    if isinstance(value, str):
        return _OPT_ML.sub(lambda _: str(root), value)
    if isinstance(value, list):
        return [rewritten(item, root) for item in value]
    if isinstance(value, Mapping):
        return {key: rewritten(item, root) for key, item in value.items()}
    return value


def plain_folder(directory: Path) -> Path:
    """The directory under a name without blanks and signs, so that a shell entry point written for `/opt/ml` holds.

    A path that has such characters is reached through a link in the folder for temporary files.
    """
    directory.mkdir(parents=True, exist_ok=True)
    resolved = directory.resolve()
    if _PLAIN.fullmatch(str(resolved)):
        return resolved
    link = Path(tempfile.gettempdir()) / f"opt-ml-{hashlib.sha256(str(resolved).encode()).hexdigest()[:12]}"
    if link.is_symlink() and link.resolve() != resolved:
        link.unlink()
    if not link.exists():
        link.symlink_to(resolved)
    return link


class OptMl:
    """One job's folder: `root` plays /opt/ml; programs named `python` and `python3` are this interpreter."""

    def __init__(self, directory: Path) -> None:
        """Makes the folder anew; what an earlier job of the same name left is removed."""
        if directory.exists():
            shutil.rmtree(directory)
        self.root = directory / "ml"
        self.tools = directory / "bin"
        self.scratch = directory / "tmp"
        for folder in (self.root, self.tools, self.scratch):
            folder.mkdir(parents=True)
        for name in ("python", "python3"):
            # A link would lose the virtual environment, which Python finds beside the name it was started by.
            script = self.tools / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
            script.chmod(0o755)

    def path(self, inside: str) -> Path:
        """Where a path of the container lies here.

        Raises:
            ValueError: when it is not below /opt/ml, where SageMaker lets a job read and write.
        """
        if inside != "/opt/ml" and not inside.startswith("/opt/ml/"):
            raise ValueError(f"local path {inside!r} must lie below /opt/ml")
        found = (self.root / inside.removeprefix("/opt/ml").lstrip("/")).resolve()
        if not found.is_relative_to(self.root.resolve()):
            raise ValueError(f"local path {inside!r} leads out of /opt/ml")
        return found

    def folder(self, inside: str) -> Path:
        """As `path`, and the folder exists."""
        found = self.path(inside)
        found.mkdir(parents=True, exist_ok=True)
        return found

    def write_json(self, inside: str, value: Any) -> None:
        """Writes one of the configuration files that SageMaker puts there."""
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(value, indent=1, default=str), encoding="utf-8")

    def environment(self, extra: Mapping[str, Any]) -> dict[str, str]:
        """The variables of the process: the system's, ours for paths, then the job's own with /opt/ml rewritten."""
        base = inherited()
        base["PATH"] = os.pathsep.join([str(self.tools), base.get("PATH", os.defpath)])
        base["HOME"] = str(self.scratch)
        base["TMPDIR"] = str(self.scratch)
        base["PYTHONUNBUFFERED"] = "1"
        base["PYTHONDONTWRITEBYTECODE"] = "1"
        return base | {name: str(value) for name, value in rewritten(dict(extra), self.root).items()}

    def text_of(self, inside: str, limit: int = 1024) -> str:
        """What a file says (`/opt/ml/output/failure`), empty when there is none."""
        try:
            return self.path(inside).read_text(encoding="utf-8", errors="replace")[:limit].strip()
        except OSError:
            return ""
