"""Keeps the container from making an installation of its own, which would copy `lib/` and the package once more."""

from __future__ import annotations

import importlib
from pathlib import Path

if __name__ == "__main__":
    programs = [path.stem for path in Path(__file__).resolve().parent.glob("*.py") if path.stem in {"train", "serve"}]
    importlib.import_module("setuptools").setup(name="platform-program", version="1.0.0", py_modules=programs)
