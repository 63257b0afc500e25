"""Lock files: names, versions and hashes, and no address of a registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from artifacts.build import ROOT
from artifacts.wheels import CONTAINER, LAMBDA, Platform

EVERYTHING = ROOT / "requirements.lock"
"""What `make up` and `make test` install, for any machine with Python 3.11 or later."""


def lock_all() -> None:
    """Resolves every lock file again; the layer gets the versions that the tests run with."""
    sources = [
        ROOT / "pyproject.toml",
        *(ROOT / name for name in ("functions/requirements.in", "functions/database.in", "training/requirements.in")),
    ]
    resolve(
        EVERYTHING,
        [*sources, ROOT / "training/vendored.in"],
        "--group",
        "dev",
        "--universal",
        "--python-version",
        "3.11",
    )
    resolve(ROOT / "functions/requirements.lock", [ROOT / "functions/requirements.in"], *pinned(LAMBDA))
    resolve(ROOT / "functions/database.lock", [ROOT / "functions/database.in"], *pinned(LAMBDA))
    resolve(ROOT / "training/vendored.lock", [ROOT / "training/vendored.in"], "--no-deps", *pinned(CONTAINER))


def pinned(platform: Platform) -> list[str]:
    """Flags that keep a platform's lock at the versions of the whole project's."""
    name = platform.name or "linux"
    return ["--constraint", str(EVERYTHING), "--python-platform", name, "--python-version", platform.python]


def resolve(target: Path, sources: list[Path], *flags: str) -> None:
    """Writes one lock file.

    Raises:
        RuntimeError: no set of versions satisfies the sources; with what the resolver says.
    """
    names = [str(source.relative_to(ROOT)) for source in sources]
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url"),
        *("--custom-compile-command", "make lock", *flags, *names, "--output-file", str(target.relative_to(ROOT))),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{target.name}: {done.stderr.strip()}")
