"""Training jobs: what they write, what they refuse, and what they keep when they are stopped."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from tests.training.support import SMALL, channels, start, train_into
from training.algorithms import ALGORITHMS
from training.figures import METRIC_DEFINITIONS, METRICS
from training.train import arguments_of, main

SLOW = ("--algorithms", "logistic_regression,random_forest", "--random-forest-trees", "1000")


def test_the_best_by_the_metric_becomes_the_model(binary_model: Path) -> None:
    document = json.loads((binary_model / "model.json").read_text())
    assert document["version"] == "abc123"
    assert set(document["candidates"]) == set(ALGORITHMS)
    best = max(figures["f1"] for figures in document["candidates"].values())
    assert document["candidates"][document["algorithm"]]["f1"] == best
    assert document["validation"]["f1"] == best > 0.9
    assert document["difference"] <= 1e-5
    assert document["libraries"]["xgboost"] == "3.0.5"
    assert document["libraries"]["scikit-learn"] == "1.5.2"


def test_the_same_data_and_seed_give_the_same_model(two_classes: Path, binary_model: Path, tmp_path: Path) -> None:
    again = train_into(tmp_path, two_classes, "--model-version", "abc123")
    for name in ("model.onnx", "model.json", "sample.json"):
        assert (again / name).read_bytes() == (binary_model / name).read_bytes()


def test_no_pickle_is_written(binary_model: Path) -> None:
    written = [path for path in binary_model.parent.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    assert binary_model / "model.onnx" in written
    assert {path.suffix for path in written} <= {".onnx", ".json", ".py"}
    assert not any(path.read_bytes().startswith(b"\x80\x04") for path in written)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--algorithms", "forest"], "'forest' is not allowed; allowed: logistic_regression, random_forest, xgboost"),
        (["--algorithms", ","], "'an empty list' is not allowed"),
        (["--metric", "auc"], "'auc' is not allowed; allowed: accuracy, precision, recall, f1, roc_auc"),
        (["--model-version", "../x"], "'../x' is not allowed; allowed: 1 to 63 letters"),
        (["--random-forest-trees", "0"], "'0' is not allowed; allowed: a whole number from 1 to 2000"),
        (["--xgboost-learning-rate", "nan"], "'nan' is not allowed; allowed: a number from 0.0001 to 1.0"),
        (["--trees", "5"], "unrecognized arguments: --trees 5"),
    ],
)
def test_a_wrong_hyperparameter_is_refused_with_what_is_allowed(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments_of(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_missing_channel_is_named(
    two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in channels(two_classes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SM_CHANNEL_VALIDATION", str(tmp_path / "none"))
    assert main(["--checkpoint-dir", str(tmp_path)]) == 1
    assert "channel validation: no folder" in capsys.readouterr().err


def test_a_full_disk_is_named_with_the_remedy(
    two_classes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in channels(two_classes).items():
        monkeypatch.setenv(name, value)
    place = tmp_path / "logistic_regression"
    place.mkdir()
    (place / ".model.onnx.part").symlink_to("/dev/full")
    assert main(["--checkpoint-dir", str(tmp_path), "--algorithms", "logistic_regression"]) == 1
    text = capsys.readouterr().err
    assert "no space left while writing" in text
    assert "model.onnx; give the job a larger volume (VolumeSizeInGB)" in text
    assert list(place.iterdir()) == []


def test_metrics_are_printed_as_sagemaker_looks_for_them(
    two_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_into(tmp_path, two_classes, "--algorithms", "logistic_regression")
    lines = capsys.readouterr().out
    document = json.loads((tmp_path / "model" / "model.json").read_text())
    assert [item["Name"] for item in METRIC_DEFINITIONS] == [f"validation:{name}" for name in METRICS]
    for item in METRIC_DEFINITIONS:
        found = re.findall(item["Regex"], lines)
        assert [float(value) for value in found] == [
            pytest.approx(document["validation"][item["Name"].partition(":")[2]], abs=1e-6)
        ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_training_goes_on_from_its_checkpoints(
    two_classes: Path, tmp_path: Path, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tmp_path / "checkpoints"
    process = start(
        "training.train",
        *("--checkpoint-dir", str(checkpoints), *SLOW),
        environment=channels(two_classes) | {"SM_MODEL_DIR": str(tmp_path / "model")},
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["message"].startswith("logistic_regression: ")
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(20) == (143 if number == signal.SIGTERM else -signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    assert ("stopped by SIGTERM" in rest) == (number == signal.SIGTERM)
    assert not (tmp_path / "model").exists()
    train_into(tmp_path, two_classes)
    lines = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert lines[0].startswith("logistic_regression: taken from its checkpoint; validation:")
    assert "from its checkpoint" not in lines[1]
    assert (tmp_path / "model" / "model.onnx").is_file()


def test_a_checkpoint_of_other_data_settings_or_bytes_is_not_used(
    two_classes: Path, three_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ("--algorithms", "logistic_regression")

    def resumed(processed: Path, *arguments: str) -> bool:
        train_into(tmp_path, processed, *only, *arguments)
        return "taken from its checkpoint" in capsys.readouterr().out

    assert not resumed(two_classes)
    assert resumed(two_classes)
    assert resumed(two_classes, "--random-forest-trees", "11")
    assert not resumed(two_classes, "--seed", "8")
    assert not resumed(two_classes)
    assert not resumed(three_classes)
    assert not resumed(two_classes)
    graph = tmp_path / "checkpoints" / "logistic_regression" / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1])
    assert not resumed(two_classes)
    graph.with_name("result.json").write_text("{")
    assert not resumed(two_classes)


def test_defaults_are_within_their_ranges() -> None:
    options = vars(arguments_of(list(SMALL)))
    assert options["random_forest_trees"] == 10
    assert options["metric"] == "f1"
    assert options["algorithms"] == tuple(ALGORITHMS)
