"""Measures a model on rows that it has never seen: `python -m training.evaluate --model DIR --test DIR --output DIR`.

Writes evaluation.json: accuracy, precision, recall, f1, roc_auc, figures per class, the confusion matrix, the number
of rows, the algorithm and version, and one row as a request has it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.data.encoded import Schema, find, load_part
from training.figures import METRICS
from training.metrics import scores
from training.model.bundle import read_bundle
from training.model.session import run, session_of
from training.preprocess import write_json
from training.problems import run_job
from training.watched.lines import line


def main(arguments: list[str] | None = None) -> int:
    """Runs the job; 0 when evaluation.json was written, 1 with a clear message when not."""
    root = Path("/opt/ml/processing")
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument(
        "--model", type=Path, default=root / "input" / "model", help="folder with model.tar.gz, or open"
    )
    parser.add_argument("--test", type=Path, default=root / "input" / "test", help="folder with test.csv")
    parser.add_argument("--output", type=Path, default=root / "output" / "evaluation")
    options = parser.parse_args(arguments)
    return run_job("evaluate", lambda: evaluate(options.model, options.test, options.output))


def evaluate(model: Path, test: Path, output: Path) -> None:
    """Does the whole job.

    Raises:
        DataError: the model is incomplete, or the test part does not belong to it.
    """
    bundle = read_bundle(model)
    schema = Schema.from_json(bundle.description)
    part = load_part(find(test, "test.csv"), schema)
    figures = scores(part.codes, run(session_of(bundle.graph), part.rows), schema.classes)
    about = {name: bundle.description[name] for name in ("version", "algorithm", "libraries", "parameters")}
    document = {**figures, "rows": len(part.codes), "classes": list(schema.classes), **about, "sample": part.sample}
    write_json(output / "evaluation.json", document)
    shown = " ".join(f"{name}={figures[name]:.6f}" for name in METRICS)
    line("evaluate", f"{about['algorithm']} on {len(part.codes)} rows: {shown}")


if __name__ == "__main__":
    sys.exit(main())
