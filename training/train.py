"""Trains the algorithms, keeps the best on the validation part, and writes the model: `python -m training.train`.

Runs in a SageMaker training job in script mode: channels `train`, `validation` and `statistics` as preprocess wrote
them, hyperparameters as arguments, the model's folder by `SM_MODEL_DIR`. The same data, settings and libraries give
the same model; what an interrupted run finished is taken from its checkpoints.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.algorithms import ALGORITHMS, load
from training.data.encoded import Part, Schema, find, load_part, load_schema
from training.figures import METRICS
from training.metrics import scores, shown
from training.model.bundle import SOURCES, default_lib, write_bundle
from training.model.checkpoints import Checkpoints, Trained
from training.model.graph import check_parity
from training.model.session import run, session_of
from training.parameters import one_of, some_of
from training.problems import JobError, run_job
from training.watched.lines import line

LIBRARIES = ("numpy", "scikit-learn", "xgboost", "onnx", "onnxruntime", "skl2onnx", "onnxmltools")
CHANNELS = ("train", "validation", "statistics")


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; 0 when a model was written, 1 with a clear message when not."""
    options = arguments_of(sys.argv[1:] if arguments is None else arguments)
    return run_job("train", lambda: train(options))


def arguments_of(arguments: list[str]) -> argparse.Namespace:
    """The hyperparameters, each checked; exits with what is allowed when one is wrong or unknown."""
    parser = argparse.ArgumentParser(prog="train.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--algorithms", type=some_of(tuple(ALGORITHMS)), default=tuple(ALGORITHMS))
    parser.add_argument("--metric", type=one_of(METRICS), default="f1", help="decides between the algorithms")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--model-version", type=_version, default="unversioned", help="what predictions are marked with"
    )
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("/opt/ml/checkpoints"))
    parser.add_argument("--lib", type=Path, default=default_lib(), help="packed libraries of the serving container")
    for name in ALGORITHMS:
        for parameter in load(name).PARAMETERS:
            flag = f"--{name.replace('_', '-')}-{parameter.name}"
            parser.add_argument(flag, type=parameter.read, default=parameter.default, help=parameter.help)
    return parser.parse_args(arguments)


def train(options: argparse.Namespace) -> None:
    """Does the whole job.

    Raises:
        JobError: the channels are incomplete, or a graph answers unlike its library.
    """
    folders = {name: _channel(name) for name in CHANNELS}
    schema = load_schema(folders["statistics"])
    parts = {name: find(folders[name], f"{name}.csv") for name in ("train", "validation")}
    learned, held = (load_part(path, schema) for path in parts.values())
    inputs = [*parts.values(), folders["statistics"] / "statistics.json"]
    results = [one(name, options, inputs, (learned, held), schema.classes) for name in options.algorithms]
    best = max(results, key=lambda result: float(result.scores[options.metric]))  # on a tie the quickest to train
    line("train", f"best model: {best.algorithm} by {options.metric} {shown(best.scores)}")
    description = describe(best, results, options, schema, rows=len(learned.codes))
    model = Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    write_bundle(model, best.graph, description, held.sample, options.lib)
    packed = "with the container's runtime" if options.lib else "without a runtime: it serves where one is installed"
    line("train", f"model {options.model_version} written, {packed}")


def one(
    name: str,
    options: argparse.Namespace,
    inputs: list[Path],
    parts: tuple[Part, Part],
    classes: Sequence[str | int | float],
) -> Trained:
    """Trains one algorithm, or takes it from its checkpoint."""
    learned, held = parts
    values = values_of(name, options)
    checkpoints = Checkpoints(options.checkpoint_dir, fingerprint(inputs, name, values, options.seed))
    kept = checkpoints.load(name)
    if kept is not None:
        line("train", f"{name}: taken from its checkpoint; {shown(kept.scores)}")
        return kept
    began = time.monotonic()
    algorithm = load(name)
    model = algorithm.fit(learned.rows, learned.codes, values, options.seed)
    graph = algorithm.to_onnx(model, learned.rows.shape[1])
    everything = np.concatenate([learned.rows, held.rows])
    difference = check_parity(name, graph, everything, algorithm.probabilities(model, everything))
    figures = scores(held.codes, run(session_of(graph), held.rows), classes)
    trained = Trained(name, graph, figures, difference)
    checkpoints.save(trained)
    took = time.monotonic() - began
    line("train", f"{name}: {took:.1f} s, differs from its library by {difference:.1g}; {shown(figures)}")
    return trained


def values_of(name: str, options: argparse.Namespace) -> dict[str, float]:
    """The hyperparameters of one algorithm."""
    chosen = vars(options)
    prefix = name.replace("-", "_")
    return {p.name: chosen[f"{prefix}_{p.name.replace('-', '_')}"] for p in load(name).PARAMETERS}


def fingerprint(inputs: list[Path], name: str, values: dict[str, float], seed: int) -> str:
    """What a trained algorithm depends on; a checkpoint of anything else is not used."""
    total = hashlib.sha256(json.dumps([name, values, seed, libraries()], sort_keys=True).encode())
    for path in [*inputs, *sorted(SOURCES.rglob("*.py"))]:
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def libraries() -> dict[str, str]:
    """Versions of what the model was made with."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        for distribution in (name, f"{name}-cpu"):
            try:
                versions[name] = importlib.metadata.version(distribution)
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return versions


def describe(
    best: Trained, results: list[Trained], options: argparse.Namespace, schema: Schema, rows: int
) -> dict[str, Any]:
    """model.json: all that serving and evaluation need to know, and how the model came about."""
    return {
        "version": options.model_version,
        "algorithm": best.algorithm,
        "target": {"name": schema.target, "classes": list(schema.classes)},
        "features": [feature.to_json() for feature in schema.features],
        "metric": options.metric,
        "validation": best.scores,
        "candidates": {result.algorithm: {name: result.scores[name] for name in METRICS} for result in results},
        "parameters": values_of(best.algorithm, options),
        "difference": best.difference,
        "rows": rows,
        "seed": options.seed,
        "libraries": libraries(),
    }


def _channel(name: str) -> Path:
    folder = Path(os.environ.get(f"SM_CHANNEL_{name.upper()}", f"/opt/ml/input/data/{name}"))
    if not folder.is_dir():
        raise JobError(f"channel {name}: no folder {folder}; allowed: the channels {', '.join(CHANNELS)}; declare it")
    return folder


def _version(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        allowed = "1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed: {allowed}")
    return text


if __name__ == "__main__":
    sys.exit(main())
