"""The training code as the framework container takes it, the example data set, and the baseline model."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from artifacts.archives import digest, digest_of, tar_gz_bytes, tree
from artifacts.build import DIST, ROOT, Part, empty, write
from artifacts.wheels import CONTAINER, install, resolved

SOURCES = ROOT / "training"
VENDORED = SOURCES / "vendored.lock"
SOURCEDIR = DIST / "training" / "sourcedir.tar.gz"
DATA_SET = DIST / "data" / "breast_cancer.csv"
BASELINE = DIST / "baseline"
BASELINE_ROWS = 150
TARGET = "target"
NEEDLESS = (
    "lib/onnx/test/",
    *("lib/onnxruntime/transformers/", "lib/onnxruntime/quantization/", "lib/onnxruntime/tools/"),
    "lib/onnxruntime/capi/libonnxruntime.so",  # for programs in C; the Python module has it linked in
)
"""What the wheels bring beside the libraries that training and serving import."""
VERSION = "baseline"


def code() -> dict[str, bytes]:
    """The package `training` under the import path that it has here, and what script mode wants beside it."""
    package = {name: content for name, content in tree(SOURCES, "training/").items() if name.endswith(".py")}
    return package | {name: (SOURCES / "entry" / name).read_bytes() for name in ("setup.py", "train.py")}


def parts() -> list[Part]:
    """Vendored wheels, the code archive, the example data set and the baseline model, in this order."""
    wheels = DIST / ".vendored"
    vendored = resolved(VENDORED, CONTAINER)
    content = code()
    code_digest = digest_of(content)
    return [
        Part("vendored", vendored, (wheels,), lambda: install(VENDORED, wheels, CONTAINER)),
        Part(
            "sourcedir",
            digest([vendored.encode(), code_digest.encode(), *(name.encode() for name in NEEDLESS)]),
            (SOURCEDIR,),
            lambda: build(wheels),
        ),
        Part(
            "data", digest_of({"source": Path(__file__).read_bytes()}), (DATA_SET,), lambda: write(DATA_SET, example())
        ),
        Part(
            "baseline",
            digest([vendored.encode(), code_digest.encode(), Path(__file__).read_bytes()]),
            (BASELINE / "model.tar.gz", BASELINE / "evaluation.json"),
            lambda: train_baseline(wheels),
        ),
    ]


def build(wheels: Path) -> None:
    """Writes sourcedir.tar.gz: the code and, below `lib/`, what the container lacks."""
    write(SOURCEDIR, tar_gz_bytes(code() | libraries(wheels)))


def libraries(wheels: Path) -> dict[str, bytes]:
    """The packed wheels below `lib/`, without what no job imports: each of them unpacks the archive anew."""
    members = tree(wheels, "lib/")
    return {name: content for name, content in members.items() if not name.startswith(NEEDLESS)}


def example() -> bytes:
    """The breast cancer data set of scikit-learn (569 rows, 30 features, two classes) as CSV."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([*(name.replace(" ", "_") for name in data.feature_names), TARGET])
    for values, label in zip(data.data, data.target, strict=True):
        rows.writerow([*values.tolist(), data.target_names[label]])
    return text.getvalue().encode()


def train_baseline(wheels: Path) -> None:
    """Trains the model that an empty account starts with, by the same code as every other model.

    It sees only the first rows of the example and only logistic regression: it is there so that the endpoint can
    exist before anybody has trained a model, and says so by its version. Like every model it carries the libraries
    that the serving container lacks.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        raw = root / "raw"
        raw.mkdir()
        lines = example().splitlines(keepends=True)
        (raw / "data.csv").write_bytes(b"".join(lines[: BASELINE_ROWS + 1]))
        processed, model, evaluation = root / "processed", root / "model", root / "evaluation"
        for path in (processed, model, evaluation):
            path.mkdir()
        run("preprocess", "--input", str(raw), "--output", str(processed), "--target", TARGET)
        environment = {
            f"SM_CHANNEL_{name.upper()}": str(processed / name) for name in ("train", "validation", "statistics")
        }
        run(
            *("train", "--algorithms", "logistic_regression", "--model-version", VERSION),
            *("--checkpoint-dir", str(root / "checkpoints"), "--lib", str(wheels)),
            environment=environment | {"SM_MODEL_DIR": str(model), "SM_OUTPUT_DATA_DIR": str(empty(root / "output"))},
        )
        archive = tar_gz_bytes(tree(model))
        packed = root / "packed"
        packed.mkdir()
        (packed / "model.tar.gz").write_bytes(archive)
        run("evaluate", "--model", str(packed), "--test", str(processed / "test"), "--output", str(evaluation))
        write(BASELINE / "evaluation.json", (evaluation / "evaluation.json").read_bytes())
        write(BASELINE / "model.tar.gz", archive)


def run(module: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """Runs a module of the training code as the container does, in a process of its own.

    Raises:
        RuntimeError: the module failed; with the end of what it printed.
    """
    command = [sys.executable, "-m", f"training.{module}", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"training.{module} failed with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
