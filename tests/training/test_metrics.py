"""Figures and graphs against the libraries they stand for."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from training.algorithms import ALGORITHMS, load
from training.evaluate import main as evaluate
from training.metrics import scores
from training.model.graph import LARGEST_DIFFERENCE, check_parity
from training.problems import JobError


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_figures_equal_those_of_scikit_learn(classes: int, extra: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(classes), generator.integers(0, classes, extra)])
    chances = generator.dirichlet(np.ones(classes), len(codes)).round(1)  # rounded, so that ties occur
    found = scores(codes, chances, list(range(classes)))
    predicted = chances.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(codes, predicted))
    named = {"average": "macro", "zero_division": 0.0, "labels": list(range(classes))}
    for name, function in (
        ("precision", reference.precision_score),
        ("recall", reference.recall_score),
        ("f1", reference.f1_score),
    ):
        assert found[name] == pytest.approx(function(codes, predicted, **named))
    areas = [reference.roc_auc_score(codes == n, chances[:, n]) for n in range(classes)]
    assert [item["roc_auc"] for item in found["per_class"]] == pytest.approx(areas)
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    assert found["confusion_matrix"] == reference.confusion_matrix(codes, predicted).tolist()


def rows_of(classes: int, count: int, scale: float, seed: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(classes), generator.integers(0, classes, count)])
    rows = generator.normal(codes[:, None], 2.0, (len(codes), 3)) * [1, scale, 1]
    rows[:, 2] = rows[:, 2].round()
    return rows.astype(np.float32), codes


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(
    ("name", "scale"),
    [(name, 1) for name in ALGORITHMS]
    + [(name, scale) for name in ("random_forest", "xgboost") for scale in (1e-6, 1e4)],
)
def test_a_graph_answers_like_its_library_on_new_rows(name: str, classes: int, scale: float) -> None:
    algorithm = load(name)
    values = {p.name: p.default for p in algorithm.PARAMETERS} | {"trees": 10, "rounds": 10}
    model = algorithm.fit(*rows_of(classes, 100, scale, 1), values, 7)
    fresh, _ = rows_of(classes, 1000, scale, 2)
    graph = algorithm.to_onnx(model, 3)
    assert check_parity(name, graph, fresh, algorithm.probabilities(model, fresh)) <= LARGEST_DIFFERENCE


def test_a_graph_that_answers_otherwise_fails_the_job() -> None:
    algorithm = load("logistic_regression")
    rows, codes = rows_of(2, 100, 1, 1)
    model = algorithm.fit(rows, codes, {p.name: p.default for p in algorithm.PARAMETERS}, 7)
    graph, expected = algorithm.to_onnx(model, 3), algorithm.probabilities(model, rows)
    with pytest.raises(JobError, match=r"differs from the library on 0 of 102 labels and by up to 2e-05"):
        check_parity("logistic_regression", graph, rows, expected + np.array([2e-5, -2e-5]))
    with pytest.raises(JobError, match=r"differs from the library on 102 of 102 labels"):
        check_parity("logistic_regression", graph, rows, expected[:, ::-1])
    with pytest.raises(JobError, match=r"the graph answers \(102, 2\), the library \(102, 1\)"):
        check_parity("logistic_regression", graph, rows, expected[:, :1])


def test_an_evaluation_holds_what_comparison_and_smoke_test_need(
    mixed_model: Path, three_classes: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "model"
    packed.mkdir()
    with tarfile.open(packed / "model.tar.gz", "w:gz") as archive:
        archive.add(mixed_model, ".")
    results = []
    for model in (packed, packed / "model.tar.gz", mixed_model):
        output = tmp_path / "out"
        assert evaluate(["--model", str(model), "--test", str(three_classes / "test"), "--output", str(output)]) == 0
        results.append(json.loads((output / "evaluation.json").read_text()))
    assert results[0] == results[1] == results[2]
    document = results[0]
    assert {"accuracy", "precision", "recall", "f1", "roc_auc", "per_class", "confusion_matrix"} < set(document)
    assert document["rows"] == 27
    assert document["version"] == "def456"
    assert document["classes"] == [0, 1, 2]
    assert set(document["sample"]) <= {
        f["name"] for f in json.loads((mixed_model / "model.json").read_text())["features"]
    }


@pytest.mark.parametrize("damage", ["missing", "no archive", "cut", "empty"])
def test_an_unusable_model_is_a_clear_error(
    damage: str, mixed_model: Path, three_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        if damage != "empty":
            file.add(mixed_model, ".")
    if damage == "missing":
        archive.unlink()
    elif damage == "no archive":
        archive.write_text("model")
    elif damage == "cut":
        archive.write_bytes(archive.read_bytes()[:5000])
    assert evaluate(["--model", str(tmp_path), "--test", str(three_classes / "test"), "--output", str(tmp_path)]) == 1
    assert "no usable model" in capsys.readouterr().err


def test_the_test_part_of_other_data_is_refused(
    mixed_model: Path, two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(["--model", str(mixed_model), "--test", str(two_classes / "test"), "--output", str(tmp_path)]) == 1
    assert "run preprocess again and use its outputs together" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
