"""Writes data sets, and runs the training code in this process or in one of its own."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from training.train import arguments_of, train

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--random-forest-trees", "10", "--xgboost-rounds", "10")
"""Small models: the tests are about what surrounds them."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def numbers(rows: int = 60) -> list[list[object]]:
    """Two numeric features and a target that follows from them."""
    return [[n * 0.5, (n * 7) % 13, "yes" if n % 3 else "no"] for n in range(rows)]


def train_into(folder: Path, processed: Path, *arguments: str) -> Path:
    """Trains in this process; the model's folder."""
    environment = channels(processed) | {"SM_MODEL_DIR": str(folder / "model")}
    options = arguments_of(["--checkpoint-dir", str(folder / "checkpoints"), *SMALL, *arguments])
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        train(options)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return folder / "model"


def channels(processed: Path) -> dict[str, str]:
    return {f"SM_CHANNEL_{name.upper()}": str(processed / name) for name in ("train", "validation", "statistics")}


def start(
    module: str, *arguments: str, folder: Path = ROOT, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Starts a program of the training code as a container does."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
