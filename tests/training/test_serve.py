"""The four functions of the framework container, on real models."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.problems import JobError
from training.serve import MOST_INSTANCES, BadRequestError, Model, input_fn, model_fn, output_fn, predict_fn

LONG = "x" * 100


@pytest.fixture(scope="module")
def binary(binary_model: Path) -> Model:
    return model_fn(str(binary_model))


@pytest.fixture(scope="module")
def mixed(mixed_model: Path) -> Model:
    return model_fn(str(mixed_model))


@pytest.fixture(scope="module")
def sample(mixed_model: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((mixed_model / "sample.json").read_text())
    return found


def ask(model: Model, *instances: Any) -> Any:
    body = json.dumps({"instances": instances})
    return json.loads(output_fn(predict_fn(input_fn(body, "application/json"), model), "application/json"))


def errors_of(model: Model, instance: Any) -> dict[str, str]:
    (answer,) = ask(model, instance)["predictions"]
    assert set(answer) == {"errors"}
    return {error["field"]: error["message"] for error in answer["errors"]}


def test_an_answer_names_version_prediction_confidence_and_alternatives(mixed: Model, sample: dict[str, Any]) -> None:
    answer = ask(mixed, sample)
    assert answer["modelVersion"] == "def456"
    (prediction,) = answer["predictions"]
    assert set(prediction) == {"prediction", "confidence", "alternatives"}
    everything = [{"value": prediction["prediction"], "confidence": prediction["confidence"]}]
    everything += prediction["alternatives"]
    assert {item["value"] for item in everything} == {0, 1, 2}
    chances = [item["confidence"] for item in everything]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-5)


def test_one_instance_and_many_get_the_same_answer(mixed: Model, sample: dict[str, Any]) -> None:
    (alone,) = ask(mixed, sample)["predictions"]
    changed = sample | {"hue": sample["hue"] + 1}
    assert ask(mixed, sample, changed, sample)["predictions"][0::2] == [alone, alone]


WRONG = {
    "missing": (lambda s: {k: v for k, v in s.items() if k != "hue"}, "hue", "missing; allowed: a finite number"),
    "null": (lambda s: s | {"hue": None}, "hue", "missing; allowed: a finite number"),
    "unknown": (lambda s: s | {"smell": 1}, "smell", "unknown feature; allowed: 'alcohol'"),
    "text for a number": (lambda s: s | {"hue": "1.0"}, "hue", "text '1.0' is not a number"),
    "long text": (lambda s: s | {"hue": LONG}, "hue", "... is not a number"),
    "boolean for a number": (lambda s: s | {"hue": True}, "hue", "a boolean True is not a number"),
    "list for a number": (lambda s: s | {"hue": [1]}, "hue", "a list [1] is not a number"),
    "NaN": (lambda s: s | {"hue": math.nan}, "hue", "nan is not usable; allowed: a finite number"),
    "infinity": (lambda s: s | {"hue": math.inf}, "hue", "inf is not usable; allowed: a finite number"),
    "too large": (lambda s: s | {"hue": 1e300}, "hue", "1e+300 is not usable"),
    "too large a whole number": (lambda s: s | {"hue": 10**400}, "hue", "... is not usable"),
    "unknown category": (lambda s: s | {"region": "moon"}, "region", "'moon' is not a known category; allowed: \"Süd-"),
    "number for a category": (lambda s: s | {"region": 1}, "region", "1 is not a known category"),
    "list for a category": (lambda s: s | {"region": []}, "region", "[] is not a known category"),
    "not an object": (lambda _: [1, 2], "", "a list is not an instance; allowed: an object of feature names"),
    "null instance": (lambda _: None, "", "null is not an instance"),
}


@pytest.mark.parametrize(("change", "field", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_field_is_named_in_its_instance(
    mixed: Model, sample: dict[str, Any], change: Any, field: str, message: str
) -> None:
    errors = errors_of(mixed, change(sample))
    assert list(errors) == [field]
    assert message in errors[field]
    assert len(errors[field]) < 400


@pytest.mark.parametrize("value", ["1.0", True, None, math.nan, math.inf, 1e300, 10**400, [], {}])
def test_a_model_of_numbers_alone_checks_as_strictly(binary: Model, binary_model: Path, value: Any) -> None:
    instance = json.loads((binary_model / "sample.json").read_text())
    assert list(errors_of(binary, instance | {"mean area": value})) == ["mean area"]


def test_what_was_sometimes_missing_in_training_may_be_missing(mixed: Model, sample: dict[str, Any]) -> None:
    full = sample | {"alcohol": 13.0, "region": "north"}
    without = {name: value for name, value in full.items() if name not in {"alcohol", "region"}}
    for instance in (without, full | {"alcohol": None, "region": None}):
        assert "prediction" in ask(mixed, instance)["predictions"][0]


def test_wrong_instances_do_not_spoil_the_others(mixed: Model, sample: dict[str, Any]) -> None:
    good, bad, again = ask(mixed, sample, sample | {"hue": "x"}, sample)["predictions"]
    assert good == again
    assert [error["field"] for error in bad["errors"]] == ["hue"]


BODIES = {
    "not JSON": ("{", "the body is not JSON"),
    "empty": ("", "the body is not JSON"),
    "not UTF-8": (b'{"instances": ["\xff"]}', "the body is not UTF-8 at byte 17"),
    "a list": ("[]", "the body has no list of instances"),
    "no instances": ("{}", "the body has no list of instances"),
    "instances no list": ('{"instances": {}}', "the body has no list of instances"),
    "none": ('{"instances": []}', f"0 instances; allowed: 1 to {MOST_INSTANCES}"),
    "too many": (json.dumps({"instances": [0] * (MOST_INSTANCES + 1)}), "10001 instances; allowed: 1 to 10000"),
    "unknown member": ('{"instances": [{}], "model": "x"}', "unknown members 'model'"),
    "too deep": ('{"instances": ' + "[" * 200_000, "the body is nested too deeply"),
    "endless number": ('{"instances": [' + "1" * 5000 + "]}", "the body is not JSON"),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES.keys())
def test_a_request_that_is_no_table_is_refused(body: str | bytes, message: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        input_fn(body, "application/json")
    assert message in str(raised.value)
    assert raised.value.status == 400


def test_other_content_types_are_refused_by_name() -> None:
    with pytest.raises(BadRequestError, match="allowed: application/json, text/csv") as raised:
        input_fn("x", "application/x-npy")
    assert raised.value.status == 415
    with pytest.raises(BadRequestError, match="accept 'text/csv' cannot be answered") as raised:
        output_fn({}, "text/csv")
    assert raised.value.status == 406


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json", "text/html, application/json;q=0.9, */*"])
def test_json_is_the_answer_to_whoever_takes_it(accept: str | None) -> None:
    assert output_fn({"a": 1}, accept) == '{"a":1}'


def test_csv_means_the_same_with_and_without_header(mixed: Model, sample: dict[str, Any]) -> None:
    expected = ask(mixed, sample)
    names = [feature.name for feature in mixed.features]
    cells = ['"' + str(sample.get(name, "")).replace('"', '""') + '"' for name in names]
    turned = [",".join(reversed(names)), ",".join(reversed(cells))]
    for body in (",".join(cells), "\r\n".join([",".join(names), ",".join(cells)]), "\n".join(turned)):
        assert predict_fn(input_fn(body.encode(), "text/csv; charset=utf-8"), mixed) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [("1,2\n", "CSV line 1 has 2 values; allowed: 14"), ('"x', "the body is not CSV"), ("alcohol\n", "a header only")],
)
def test_wrong_csv_is_refused(mixed: Model, body: str, message: str) -> None:
    with pytest.raises(BadRequestError, match=message):
        predict_fn(input_fn(body, "text/csv"), mixed)


def test_csv_cells_are_checked_like_json_values(mixed: Model) -> None:
    body = ",".join(["many", *["1"] * 12, "moon"])
    (answer,) = predict_fn(input_fn(body, "text/csv"), mixed)["predictions"]
    assert {error["field"] for error in answer["errors"]} == {"alcohol", "region"}


def test_a_damaged_model_is_a_clear_error(binary_model: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"needed: model\.onnx and model\.json as trained"):
        model_fn(str(tmp_path))
    (tmp_path / "model.json").write_bytes((binary_model / "model.json").read_bytes())
    (tmp_path / "model.onnx").write_bytes((binary_model / "model.onnx").read_bytes()[:100])
    with pytest.raises(JobError, match="graph cannot be loaded"):
        model_fn(str(tmp_path))


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers())


@given(st.data())
def test_any_instances_get_one_answer_each_and_it_is_json(mixed: Model, sample: dict[str, Any], data: Any) -> None:
    changed = st.dictionaries(st.sampled_from([*sample, "other"]), VALUES, max_size=3).map(lambda d: sample | d)
    instances = data.draw(st.lists(changed | VALUES | st.dictionaries(st.text(), VALUES), min_size=1, max_size=4))
    answers = ask(mixed, *instances)["predictions"]
    assert len(answers) == len(instances)
    for answer in answers:
        if "errors" in answer:
            assert all(set(error) == {"field", "message"} and error["message"] for error in answer["errors"])
        else:
            assert 0 <= answer["confidence"] <= 1


@given(st.text() | st.binary())
def test_any_body_is_instances_or_a_refusal(mixed: Model, body: str | bytes) -> None:
    for kind in ("application/json", "text/csv"):
        with suppress(BadRequestError):
            answer = predict_fn(input_fn(body, kind), mixed)
            assert len(json.loads(output_fn(answer, "application/json"))["predictions"]) >= 1
