"""The program of a model server: at the root of a model's code/, beside the package `training` and `lib/`.

The framework container copies code/ to /opt/ml/code, installs this module alone, and imports it by name; so what
belongs to it is looked for where it lies, and where the container has copied it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

HOMES = (
    str(Path(__file__).resolve().parent),
    os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", ""),
    "/opt/ml/code",
    "/opt/ml/model/code",
)

home = next((home for home in HOMES if home and Path(home, "training", "serve.py").is_file()), None)
if home is not None:
    sys.path.insert(0, home)

service = importlib.import_module("training.serve")


def for_the_container(error: Exception, status: HTTPStatus) -> Exception:
    """The error as the container's server wants it: it answers any other kind with 500."""
    try:
        errors = importlib.import_module("sagemaker_inference.errors")
    except ImportError:
        return error
    wanted: Exception = errors.GenericInferenceToolkitError(status.value, str(error), status.phrase)
    return wanted


def translated(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with refusals of a request translated for the container."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except service.BadRequestError as error:
            raise for_the_container(error, error.status) from error

    return call


model_fn = service.model_fn
input_fn, predict_fn, output_fn = map(translated, (service.input_fn, service.predict_fn, service.output_fn))
