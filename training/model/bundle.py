"""The folder that becomes model.tar.gz: graph, description, sample, and the code and libraries that serve them."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.model.checkpoints import write
from training.packed import packed_libraries
from training.problems import DataError, Problem

SOURCES = Path(__file__).resolve().parent.parent
"""The package `training`."""

SERVED = (
    *("__init__.py", "packed.py", "problems.py", "connection.py", "serve.py", "server.py"),
    *("data/__init__.py", "data/features.py", "model/__init__.py", "model/session.py"),
    *("watched/__init__.py", "watched/counts.py", "watched/lines.py"),
)
"""What serving imports of this package."""

LARGEST_GRAPH = 1024 * 1024 * 1024
LARGEST_DESCRIPTION = 64 * 1024 * 1024


@dataclass(frozen=True)
class Bundle:
    """What evaluation reads of a model: its graph and its description."""

    graph: bytes
    description: dict[str, Any]


def write_bundle(
    folder: Path, graph: bytes, description: dict[str, Any], sample: dict[str, Any], lib: Path | None
) -> None:
    """Fills a model's folder.

    Args:
        folder: becomes model.tar.gz.
        graph: the model.
        description: model.json.
        sample: one instance as a request has it, for the test after a deployment.
        lib: packed libraries of the container, of which the runtime is copied; None where it is installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "model.onnx", graph)
    write(folder / "model.json", _json(description))
    write(folder / "sample.json", _json(sample))
    code = folder / "code"
    for name in SERVED:
        target = code / "training" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCES / name, target)
    for name in ("serve.py", "setup.py"):
        shutil.copyfile(SOURCES / "entry" / name, code / name)
    if lib is not None:
        copy_runtime(lib, code / "lib")


def copy_runtime(lib: Path, target: Path) -> None:
    """Copies ONNX Runtime without its tools for training and conversion, and the library that only C programs link."""
    package = target / "onnxruntime"
    package.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(lib / "onnxruntime" / "__init__.py", package / "__init__.py")
    ignored = shutil.ignore_patterns("__pycache__", "training", "*.pyc", "libonnxruntime.so*")
    shutil.copytree(lib / "onnxruntime" / "capi", package / "capi", ignore=ignored, dirs_exist_ok=True)


def default_lib() -> Path | None:
    """The packed libraries beside this package, as in sourcedir.tar.gz."""
    return packed_libraries(SOURCES.parent)


def read_bundle(path: Path) -> Bundle:
    """Reads a model from its folder or from the model.tar.gz in it; nothing of the archive is unpacked to disk.

    Raises:
        DataError: there is no model, or a part of it is missing, too large or damaged.
    """
    archive = path / "model.tar.gz" if path.is_dir() else path
    try:
        with _members(archive if archive.is_file() else path) as read:
            graph = read("model.onnx", LARGEST_GRAPH)
            return Bundle(graph, json.loads(read("model.json", LARGEST_DESCRIPTION)))
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError) as error:
        remedy = "train the model again"
        raise DataError(
            [Problem(str(path), f"no usable model: {error}", "model.onnx and model.json", remedy)]
        ) from error


@contextmanager
def _members(path: Path) -> Iterator[Any]:
    if path.is_dir():
        yield lambda name, _limit: (path / name).read_bytes()
        return
    with tarfile.open(path, "r:gz") as archive:

        def read(name: str, limit: int) -> bytes:
            found = [member for member in archive.getmembers() if member.name.removeprefix("./") == name]
            content = archive.extractfile(found[-1]) if found and found[-1].size <= limit else None
            if content is None:
                raise ValueError(f"{name} is missing or larger than {limit} bytes")
            return content.read()

        yield read


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
