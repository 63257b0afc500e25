"""Resolves locked wheels for a platform, never by what the local machine happens to be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from artifacts.archives import digest


@dataclass(frozen=True)
class Platform:
    """What wheels are resolved for: `uv`'s platform name (None: this machine) and the Python version."""

    name: str | None
    python: str

    @property
    def flags(self) -> list[str]:
        """The platform as `uv pip install` takes it."""
        wheels = ["--only-binary", ":all:", "--python-version", self.python]
        return wheels if self.name is None else [*wheels, "--python-platform", self.name]


LAMBDA = Platform("aarch64-manylinux_2_28", "3.13")
"""Lambda's python3.13 on arm64 (Amazon Linux 2023, glibc 2.34)."""

CONTAINER = Platform("x86_64-manylinux_2_28", "3.10")
"""The framework container sagemaker-xgboost:3.0-5 (Ubuntu 20.04, glibc 2.31, CPython 3.10)."""

HOST = Platform(None, f"{sys.version_info.major}.{sys.version_info.minor}")
"""This machine, for the sandbox."""


def resolved(lock: Path, platform: Platform) -> str:
    """What a set of wheels depends on: the lock, the platform, and what this module takes out of them."""
    return digest([lock.read_bytes(), str(platform).encode(), Path(__file__).read_bytes()])


def install(lock: Path, target: Path, platform: Platform) -> None:
    """Installs a lock file's packages into an empty folder.

    Raises:
        RuntimeError: a package has no wheel for the platform, a hash differs, or the registry cannot be reached.
    """
    shutil.rmtree(target, ignore_errors=True)
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"),
        *("--target", str(target), *platform.flags, "--requirement", str(lock)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        where = platform.name or "this machine"
        raise RuntimeError(
            f"{lock.name}: no set of wheels for {where}, Python {platform.python}:\n{done.stderr.strip()}"
        )
    prune(target)


def prune(target: Path) -> None:
    """Removes what no program imports: launchers, tests, byte code and type stubs of compiled parts."""
    for name in ("bin", "__pycache__"):
        for path in list(target.rglob(name)):
            shutil.rmtree(path, ignore_errors=True)
    for path in list(target.rglob("tests")):
        shutil.rmtree(path, ignore_errors=True)
    # RECORD holds the sums of launchers, which name this machine's interpreter.
    for path in target.rglob("*.dist-info/RECORD"):
        path.unlink()
    # ONNX ships 8,000 files of its own test cases; every job would unpack them.
    shutil.rmtree(target / "onnx" / "backend" / "test", ignore_errors=True)
    for path in target.rglob("*.pyi"):
        path.unlink()
