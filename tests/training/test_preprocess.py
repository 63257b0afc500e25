"""From an uploaded table to the parts and statistics that training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.training.support import numbers, write_csv
from training.data.describe import describe_numbers
from training.data.encoded import load_part, load_schema
from training.data.features import Encoder
from training.data.split import SMALLEST_CLASS, split
from training.preprocess import main
from training.problems import DataError


def run(folder: Path, *arguments: str) -> int:
    return main(["--input", str(folder / "raw"), "--output", str(folder / "out"), *arguments])


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_data_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    results = []
    for name, seed in (("1", "7"), ("2", "7"), ("3", "8")):
        write_csv(tmp_path / name / "raw" / "data.csv", ["a", "b", "target"], numbers())
        assert run(tmp_path / name, "--seed", seed) == 0
        results.append(files(tmp_path / name / "out"))
    assert results[0] == results[1]
    assert results[0]["train/train.csv"] != results[2]["train/train.csv"]


def test_statistics_describe_what_later_traffic_is_compared_with(three_classes: Path) -> None:
    document = json.loads((three_classes / "statistics" / "statistics.json").read_text())
    alcohol, region = document["statistics"]["alcohol"], document["statistics"]["region"]
    assert alcohol["kind"] == "numeric"
    assert alcohol["missing"] == 20
    assert alcohol["count"] == sum(alcohol["histogram"]["counts"]) == 158
    assert alcohol["min"] < alcohol["quantiles"]["0.25"] < alcohol["quantiles"]["0.75"] < alcohol["max"]
    assert region["missing"] == 17
    assert set(region["categories"]) == {"north", "south", "Süd-West, 'alt'"}
    assert document["target"]["counts"] == [59, 71, 48]
    assert document["rows"] == {"all": 178, "train": 124, "validation": 27, "test": 27}
    assert len(document["source"][0]["sha256"]) == 64


def test_scales_are_learned_from_the_training_part_alone(two_classes: Path) -> None:
    schema = load_schema(two_classes / "statistics")
    part = load_part(two_classes / "train" / "train.csv", schema)
    assert np.allclose(part.rows.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(part.rows.std(axis=0), 1, atol=1e-5)


def test_refused_data_leaves_a_message_for_sagemaker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").mkdir()
    monkeypatch.setenv("SM_OUTPUT_DIR", str(tmp_path / "output"))
    write_csv(tmp_path / "raw" / "data.csv", ["a", "target"], [["x", "yes"], *([[1, "yes"]] * 40)])
    assert run(tmp_path) == 1
    message = (tmp_path / "output" / "message").read_text()
    assert "column 'a', row 2: text in a column of numbers" in message
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_named_with_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(tmp_path / "raw" / "data.csv", ["a", "b", "target"], numbers())
    (tmp_path / "out" / "validation").mkdir(parents=True)
    (tmp_path / "out" / "validation" / "validation.csv").symlink_to("/dev/full")
    assert run(tmp_path) == 1
    text = capsys.readouterr().err
    assert "no space left while writing" in text
    assert "validation.csv; give the job a larger volume (VolumeSizeInGB)" in text


@given(st.lists(st.integers(SMALLEST_CLASS, 60), min_size=2, max_size=6), st.integers(0, 2**32))
def test_each_row_is_in_one_part_and_each_class_in_every_part(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    parts = split(labels, seed)
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(len(labels)))
    for rows in parts.values():
        assert set(labels[rows]) == set(range(len(counts)))


@given(arrays(np.float64, st.integers(1, 50), elements=st.floats(-3e38, 3e38) | st.just(float("nan"))))
def test_statistics_of_any_numbers_are_finite_and_count_each_value(values: Any) -> None:
    found = describe_numbers(values)
    json.dumps(found, allow_nan=False)
    assert found["count"] + found["missing"] == len(values)
    if found["count"]:
        assert sum(found["histogram"]["counts"]) == found["count"]
        size = max(abs(found["min"]), abs(found["max"])) * 1e-9
        for value in (found["mean"], *found["quantiles"].values()):
            assert found["min"] - size <= value <= found["max"] + size


def test_parts_that_do_not_belong_together_are_refused(two_classes: Path, three_classes: Path) -> None:
    schema = load_schema(two_classes / "statistics")
    with pytest.raises(DataError, match="run preprocess again and use its outputs together"):
        load_part(three_classes / "train" / "train.csv", schema)


def test_training_and_serving_turn_a_row_into_the_same_numbers(three_classes: Path) -> None:
    schema = load_schema(three_classes / "statistics")
    for name in ("train", "validation", "test"):
        path = three_classes / name / f"{name}.csv"
        part = load_part(path, schema)
        row, errors = Encoder(schema.features).row(part.sample)
        assert errors == []
        assert np.array(row, dtype=np.float32).tolist() == part.rows[0].tolist()
