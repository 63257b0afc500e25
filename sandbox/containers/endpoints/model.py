"""What an endpoint serves: the data and environment of a model, and the program that answers for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.containers.storage import JobError

REPOSITORY = Path(__file__).resolve().parents[3]
"""Where this repository's own training.server lies."""


@dataclass(frozen=True)
class Container:
    """A model's primary container: where its data lies and its environment."""

    data_uri: str
    """A model.tar.gz, or a prefix when `compressed` is false."""
    compressed: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = False
    """Network isolation: the process gets no way to AWS."""
    role: str = ""
    """ARN of the model's role."""


def describe(container: Mapping[str, Any], *, isolated: bool, role: str = "") -> Container:
    """The serving part of a model's container definition.

    Raises:
        JobError: when it names no model data.
    """
    environment = {str(name): str(value) for name, value in (container.get("Environment") or {}).items()}
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    if source:
        whole = source.get("CompressionType", "Gzip") == "Gzip"
        return Container(str(source["S3Uri"]), whole, environment, isolated, role)
    if container.get("ModelDataUrl"):
        return Container(str(container["ModelDataUrl"]), environment=environment, isolated=isolated, role=role)
    raise JobError(
        f"ClientError: container {container.get('Image')!r} has no ModelDataUrl, and the sandbox runs no images"
    )


def server_command(model: Path) -> list[str]:
    """What serves a model's folder: the server in its archive, else this repository's over the archive's code.

    Where the model lies and which port to take is told by `SM_MODEL_DIR` and `SAGEMAKER_BIND_TO_PORT`.
    """
    if (model / "code" / "training" / "server.py").is_file():
        return [sys.executable, "-m", "training.server"]
    # -P: the folder of the script is no place to import from; the archive's code comes first.
    return [sys.executable, "-P", str(REPOSITORY / "training" / "server.py")]
