"""Answers predictions: the four functions of SageMaker's framework containers, on ONNX Runtime alone.

A request is JSON `{"instances": [{feature: value}, ...]}`, or CSV with or without a header. The answer is
`{"modelVersion", "predictions": [...]}` with one entry for each instance in order: its prediction, or what is wrong
with its fields. Rows of one request do not spoil each other; only a request that is no table at all is refused.
"""

from __future__ import annotations

import contextlib
import csv
import importlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.data.features import CATEGORICAL, Encoder, Feature
from training.model.session import INPUT, OUTPUT, run, session_of
from training.problems import JobError

JSON, CSV, ANY = "application/json", "text/csv", "*/*"
MOST_INSTANCES = 10_000

# The container has no orjson; where it is installed it reads and writes the same, in a sixth of the time.
_quick: Any = importlib.import_module("orjson") if importlib.util.find_spec("orjson") else None
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class BadRequestError(Exception):
    """The request as a whole cannot be read; carries the HTTP status and a message for the caller."""

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Rows:
    """A CSV request: lines of cells, whose meaning only the model knows."""

    lines: tuple[tuple[str, ...], ...]


class Model:
    """A loaded model: encoder, session, classes and version."""

    def __init__(self, description: Mapping[str, Any], graph: bytes) -> None:
        self.version = str(description["version"])
        self.classes: tuple[str | int | float, ...] = tuple(description["target"]["classes"])
        self.features = tuple(Feature.from_json(item) for item in description["features"])
        self.encoder = Encoder(self.features)
        self.session = session_of(graph)
        # One row is written to and read from arrays that the session is bound to once: nothing is allocated for it.
        self._row: NDArray[np.float32] = np.zeros((1, self.encoder.width), dtype=np.float32)
        self._chances: NDArray[np.float32] = np.zeros((1, len(self.classes)), dtype=np.float32)
        self._binding = self.session.io_binding()
        for bind, name, array in (
            (self._binding.bind_input, INPUT, self._row),
            (self._binding.bind_output, OUTPUT, self._chances),
        ):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def one(self, row: Sequence[float]) -> list[float]:
        """Probabilities of a single row; not for two threads at once."""
        self._row[0] = row
        self.session.run_with_iobinding(self._binding)
        probabilities: list[float] = self._chances[0].tolist()
        return probabilities

    def many(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """Probabilities of several rows in one run."""
        answered: list[list[float]] = run(self.session, np.array(rows, dtype=np.float32)).tolist()
        return answered


def model_fn(model_dir: str) -> Model:
    """Loads the model from its folder and runs it once, so that the first request is as quick as any.

    Raises:
        JobError: a file is missing or damaged.
    """
    folder = Path(model_dir)
    try:
        description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = Model(description, (folder / "model.onnx").read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"no usable model in {folder}: {error!r}; needed: model.onnx and model.json as trained"
        ) from error
    model.one([0.0] * model.encoder.width)
    return model


def input_fn(body: bytes | str, content_type: str | None = JSON) -> list[Any] | Rows:
    """The instances of a request.

    Raises:
        BadRequestError: not JSON or CSV, no instances, or too many.
    """
    kind = JSON if content_type in {None, "", JSON} else str(content_type).partition(";")[0].strip().lower()
    if kind not in {JSON, CSV}:
        message = f"content type {kind!r} is not supported; allowed: {JSON}, {CSV}"
        raise BadRequestError(message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    found = _rows(_text(body)) if kind == CSV else _instances(_document(body))
    count = len(found.lines) if isinstance(found, Rows) else len(found)
    if not 1 <= count <= MOST_INSTANCES:
        raise BadRequestError(f"{count} instances; allowed: 1 to {MOST_INSTANCES}; split the request")
    return found


def predict_fn(data: list[Any] | Rows, model: Model) -> dict[str, Any]:
    """The answer to a request's instances."""
    instances = _named(data, model) if isinstance(data, Rows) else data
    encoder = model.encoder
    if len(instances) == 1:
        row, errors = encoder.row(instances[0])
        answer = {"errors": errors} if errors else _answer(model.one(row), model.classes)
        return {"modelVersion": model.version, "predictions": [answer]}
    encoded = [encoder.row(instance) for instance in instances]
    good = [row for row, errors in encoded if not errors]
    answers = iter(model.many(good) if good else ())
    predictions = [{"errors": errors} if errors else _answer(next(answers), model.classes) for _, errors in encoded]
    return {"modelVersion": model.version, "predictions": predictions}


def output_fn(prediction: Mapping[str, Any], accept: str | None = JSON) -> str:
    """The answer as JSON.

    Raises:
        BadRequestError: the caller takes something else only.
    """
    if accept not in {None, "", JSON, ANY}:
        kinds = {part.partition(";")[0].strip().lower() for part in (accept or "").split(",")}
        if not kinds & {JSON, "application/*", ANY}:
            message = f"accept {accept!r} cannot be answered; allowed: {JSON}"
            raise BadRequestError(message, HTTPStatus.NOT_ACCEPTABLE)
    return _encode(prediction) if _quick is None else str(_quick.dumps(prediction), "utf-8")


def _answer(probabilities: list[float], classes: Sequence[str | int | float]) -> dict[str, Any]:
    order = sorted(range(len(classes)), key=probabilities.__getitem__, reverse=True)
    first, *others = ({"value": classes[n], "confidence": round(probabilities[n], 6)} for n in order)
    if not 0 <= probabilities[order[0]] <= 1.00001:  # also true for NaN, which would not be JSON
        raise JobError(f"the model answers {probabilities[order[0]]} as a probability; train it again")
    return {"prediction": first["value"], "confidence": first["confidence"], "alternatives": others}


def _text(body: bytes | str) -> str:
    try:
        return body if isinstance(body, str) else body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequestError(f"the body is not UTF-8 at byte {error.start + 1}; send UTF-8") from error


def _document(body: bytes | str) -> Any:
    if _quick is not None:
        # NaN, which is answered for its instance, and all that is wrong is left to the slower reader to say.
        with contextlib.suppress(ValueError):
            return _quick.loads(body)
    try:
        return json.loads(_text(body))
    except RecursionError as error:
        raise BadRequestError("the body is nested too deeply; send one level of instances") from error
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error


def _instances(document: Any) -> list[Any]:
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list):
        raise BadRequestError('the body has no list of instances; allowed: {"instances": [{feature: value}, ...]}')
    unknown = ", ".join(repr(name) for name in document if name != "instances")
    if unknown:
        raise BadRequestError(f"the body has unknown members {unknown[:200]}; allowed: 'instances'")
    return instances


def _rows(body: str) -> Rows:
    try:
        return Rows(tuple(tuple(cells) for cells in csv.reader(body.splitlines(), strict=True) if any(cells)))
    except csv.Error as error:
        raise BadRequestError(f"the body is not CSV: {error}") from error


def _named(rows: Rows, model: Model) -> list[Any]:
    """CSV lines as instances: by the header when there is one, else in the order of the model's features."""
    names: tuple[str, ...] = tuple(feature.name for feature in model.features)
    kinds = {feature.name: feature.kind for feature in model.features}
    lines = rows.lines
    first = tuple(cell.strip() for cell in lines[0])
    if set(first) & set(names) and not any(_number(cell) is not None for cell in first):
        names, lines = first, lines[1:]
    if not lines:
        raise BadRequestError("the CSV holds a header only; add a line for each instance")
    instances = []
    for number, cells in enumerate(lines, 1):
        if len(cells) != len(names):
            raise BadRequestError(f"CSV line {number} has {len(cells)} values; allowed: {len(names)}, one per feature")
        pairs = zip(names, (cell.strip() for cell in cells), strict=True)
        instances.append({name: _value(cell, kinds.get(name)) for name, cell in pairs if cell})
    return instances


def _value(cell: str, kind: str | None) -> str | float:
    number = None if kind == CATEGORICAL else _number(cell)
    return cell if number is None else number


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
