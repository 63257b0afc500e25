"""Keeps each finished algorithm, so that a job that spot capacity left does not train it again.

A checkpoint is a graph and a JSON document, never a pickle: what comes back from storage may be read, not run.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.problems import writing


@dataclass(frozen=True)
class Trained:
    """One algorithm's result: its graph, its figures on the validation part, and the parity with its library."""

    algorithm: str
    graph: bytes
    scores: dict[str, Any]
    difference: float


class Checkpoints:
    """The checkpoints below one folder that belong to one fingerprint of data, code and settings."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self.fingerprint = fingerprint

    def load(self, algorithm: str) -> Trained | None:
        """A finished algorithm; None when there is none, it is of other inputs, or it was cut off while writing."""
        place = self.folder / algorithm
        try:
            document = json.loads((place / "result.json").read_text(encoding="utf-8"))
            graph = (place / "model.onnx").read_bytes()
            if document["fingerprint"] != self.fingerprint or document["sha256"] != _digest(graph):
                return None
            return Trained(algorithm, graph, document["scores"], document["difference"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def save(self, trained: Trained) -> None:
        """Keeps a finished algorithm; the document comes last and vouches for the graph."""
        place = self.folder / trained.algorithm
        place.mkdir(parents=True, exist_ok=True)
        document = {
            "fingerprint": self.fingerprint,
            "sha256": _digest(trained.graph),
            "scores": trained.scores,
            "difference": trained.difference,
        }
        write(place / "model.onnx", trained.graph)
        write(place / "result.json", json.dumps(document, indent=1, sort_keys=True).encode())


def write(path: Path, content: bytes) -> None:
    """Writes a file in one step: a job that is cut off leaves the old file or the new one."""
    part = path.with_name(f".{path.name}.part")
    try:
        with writing(path), part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
