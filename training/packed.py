"""Finds the libraries that are packed beside the code, because nothing can be installed where a container runs."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

PACKED_FOR = ("linux", "x86_64", (3, 10))
"""What the wheels below `lib/` are built for: the framework container sagemaker-xgboost:3.0-5."""


def packed_libraries(root: Path) -> Path | None:
    """The folder `lib/` beside the code, or None where there is none."""
    folder = root / "lib"
    return folder if folder.is_dir() else None


def fits() -> bool:
    """Whether this interpreter can load the packed wheels; any other brings libraries of its own."""
    return (sys.platform, platform.machine(), sys.version_info[:2]) == PACKED_FOR


def use_packed(root: Path) -> bool:
    """Puts `lib/` first on sys.path where it fits this interpreter; whether it did."""
    folder = packed_libraries(root)
    if folder is None or not fits():
        return False
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
        _lead_google(folder)
    return True


def _lead_google(folder: Path) -> None:
    # The container's protobuf 3.20 installs a .pth file that binds the namespace package `google` to its own folder
    # when the interpreter starts, so that sys.path alone would not lead to the packed protobuf.
    google = sys.modules.get("google")
    if google is not None and (folder / "google").is_dir():
        google.__path__ = [str(folder / "google"), *google.__path__]
