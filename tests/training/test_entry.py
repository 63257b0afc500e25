"""What stands at the root of the archives, run as the framework container runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.support import ROOT, SMALL, channels, start
from training.model.bundle import SOURCES, write_bundle
from training.packed import fits, use_packed

SLOW_LIBRARIES = {"sklearn", "pandas", "scipy", "xgboost", "skl2onnx", "onnxmltools", "onnx"}


def python(code: str, folder: Path) -> str:
    """Runs code by an interpreter that finds nothing of this repository but what lies in the folder."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_script_mode_trains_from_the_root_of_the_archive(two_classes: Path, tmp_path: Path) -> None:
    code = tmp_path / "code"
    shutil.copytree(SOURCES, code / "training", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(SOURCES / "entry" / "train.py", code / "train.py")
    process = start(
        "train",
        *("--algorithms", "logistic_regression", "--model-version", "012345678901", *SMALL),
        *("--checkpoint-dir", str(tmp_path / "checkpoints")),
        folder=code,
        environment=channels(two_classes) | {"SM_MODEL_DIR": str(tmp_path / "model")},
    )
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 0, text
    assert json.loads((tmp_path / "model" / "model.json").read_text())["version"] == "012345678901"


def test_importing_the_programs_starts_nothing(tmp_path: Path) -> None:
    shutil.copyfile(SOURCES / "entry" / "train.py", tmp_path / "train.py")
    shutil.copyfile(SOURCES / "entry" / "setup.py", tmp_path / "setup.py")
    assert python("import train, setup", tmp_path) == ""


def test_the_serving_program_needs_no_training_library(binary_model: Path) -> None:
    code = (
        "import json, sys, serve; model = serve.model_fn('..'); "
        "data = serve.input_fn(json.dumps({'instances': [json.load(open('../sample.json'))]}), 'application/json'); "
        "print(serve.output_fn(serve.predict_fn(data, model), 'application/json')); "
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    answer, modules = python(code, binary_model / "code").splitlines()
    assert json.loads(answer)["modelVersion"] == "abc123"
    assert not SLOW_LIBRARIES & set(json.loads(modules))


def test_a_copy_of_the_serving_program_elsewhere_finds_its_package(binary_model: Path, tmp_path: Path) -> None:
    shutil.copyfile(binary_model / "code" / "serve.py", tmp_path / "serve.py")
    code = f"import os; os.environ['SAGEMAKER_SUBMIT_DIRECTORY'] = {str(binary_model / 'code')!r}; import serve; "
    text = python(code + "print(serve.model_fn.__code__.co_filename)", tmp_path)
    assert text.strip() == str(binary_model / "code" / "training" / "serve.py")


def test_the_container_gets_refusals_as_errors_of_its_own_kind(binary_model: Path, tmp_path: Path) -> None:
    package = tmp_path / "sagemaker_inference"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "errors.py").write_text(
        "class GenericInferenceToolkitError(Exception):\n"
        "    def __init__(self, status_code, message=None, phrase=None):\n"
        "        self.status_code, self.message, self.phrase = status_code, message, phrase\n"
    )
    shutil.copyfile(binary_model / "code" / "serve.py", tmp_path / "serve.py")
    code = (
        f"import sys; sys.path.append({str(binary_model / 'code')!r}); import serve\n"
        "try: serve.input_fn('{', 'application/json')\n"
        "except Exception as error: print(type(error).__name__, error.status_code, error.phrase)"
    )
    assert python(code, tmp_path).split() == ["GenericInferenceToolkitError", "400", "Bad", "Request"]


def test_the_runtime_is_packed_without_its_tools(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "onnxruntime"
    for name in ("__init__.py", "capi/onnxruntime_pybind11_state.so", "capi/training/x.py", "transformers/big.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    write_bundle(tmp_path / "model", b"graph", {}, {}, tmp_path / "lib")
    packed = tmp_path / "model" / "code" / "lib"
    names = sorted(path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file())
    assert names == ["onnxruntime/__init__.py", "onnxruntime/capi/onnxruntime_pybind11_state.so"]


def test_packed_libraries_are_used_only_where_they_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = list(sys.path)
    assert not use_packed(tmp_path)
    (tmp_path / "lib").mkdir()
    assert use_packed(tmp_path) == fits()
    assert sys.path == ([str(tmp_path / "lib"), *before] if fits() else before)


def test_the_package_needs_nothing_of_the_repository_around_it() -> None:
    code = "import pkgutil, importlib, training\nfor m in pkgutil.walk_packages(training.__path__, 'training.'):\n"
    code += "    importlib.import_module(m.name)\nimport sys\n"
    code += "print(sorted({'components', 'functions', 'policies', 'sandbox', 'artifacts'} & set(sys.modules)))"
    assert python(code, ROOT).strip() == "[]"
