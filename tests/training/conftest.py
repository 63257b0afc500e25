"""Data sets and trained models that the tests of the training code share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.training.support import train_into, write_csv
from training.preprocess import main as preprocess

# Read when a library loads OpenMP: threads of small models beside other tests only wait for each other.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The breast cancer data set, preprocessed."""
    folder = tmp_path_factory.mktemp("breast-cancer")
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    rows = [[*values, data.target_names[label]] for values, label in zip(data.data, data.target, strict=True)]
    write_csv(folder / "raw" / "data.csv", [*data.feature_names, "target"], rows)
    assert preprocess(["--input", str(folder / "raw"), "--output", str(folder / "processed")]) == 0
    return folder / "processed"


@pytest.fixture(scope="session")
def three_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wine data set with a category, a column with gaps and a target of numbers, preprocessed."""
    folder = tmp_path_factory.mktemp("wine")
    from sklearn.datasets import load_wine

    data = load_wine()
    rows = []
    for n, (values, label) in enumerate(zip(data.data, data.target, strict=True)):
        region = ("north", "south", "Süd-West, 'alt'")[int(label) if n % 4 else n % 3]
        gaps = ["" if n % 9 == 0 else values[0], *values[1:]]
        rows.append([*gaps, "" if n % 11 == 0 else region, int(label)])
    write_csv(folder / "raw" / "data.csv", [*data.feature_names, "region", "kind"], rows)
    arguments = ["--input", str(folder / "raw"), "--output", str(folder / "processed"), "--target", "kind"]
    assert preprocess(arguments) == 0
    return folder / "processed"


@pytest.fixture(scope="session")
def binary_model(two_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder for the data set of two classes."""
    return train_into(tmp_path_factory.mktemp("binary"), two_classes, "--model-version", "abc123")


@pytest.fixture(scope="session")
def mixed_model(three_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder for the data set of three classes with a category and gaps."""
    return train_into(tmp_path_factory.mktemp("mixed"), three_classes, "--model-version", "def456")
