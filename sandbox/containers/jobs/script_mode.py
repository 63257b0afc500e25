"""How a SageMaker framework container runs a user's script: arguments from hyperparameters, the `SM_*` variables."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from sandbox.containers.opt_ml import OptMl, rewritten

RESERVED = "sagemaker_"
"""Hyperparameters with this beginning are for the container, not for the script."""


def decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters as the script sees them: each is a string that may hold JSON."""
    return {name: _decoded(text) for name, text in hyperparameters.items()}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """`--name value` for each of the script's hyperparameters in the order of their names; one letter gets one dash."""
    result: list[str] = []
    for name, value in sorted(hyperparameters.items()):
        if not name.startswith(RESERVED):
            text = (
                value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict | list) else str(value)
            )
            result += [f"-{name}" if len(name) == 1 else f"--{name}", text]
    return result


def environment(
    place: OptMl,
    *,
    job: Mapping[str, str],
    hyperparameters: Mapping[str, Any],
    channels: Mapping[str, Any],
    resources: Mapping[str, Any],
) -> dict[str, str]:
    """The variables that the training toolkit sets, with this machine's cores and this job's folders.

    Args:
        place: the job's folder.
        job: `name` and `arn`.
        hyperparameters: decoded, reserved ones included.
        channels: channel name → its configuration.
        resources: the content of resourceconfig.json.
    """
    own = {name: value for name, value in hyperparameters.items() if not name.startswith(RESERVED)}
    program = str(hyperparameters.get("sagemaker_program", ""))
    framework = {name: value for name, value in hyperparameters.items() if name.startswith(RESERVED)}
    values: dict[str, Any] = {
        "SM_MODEL_DIR": "/opt/ml/model",
        "SM_INPUT_DIR": "/opt/ml/input",
        "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config",
        "SM_OUTPUT_DIR": "/opt/ml/output",
        "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
        "SM_OUTPUT_INTERMEDIATE_DIR": "/opt/ml/output/intermediate",
        "SM_MODULE_DIR": str(hyperparameters.get("sagemaker_submit_directory", "")),
        "SM_MODULE_NAME": program.removesuffix(".py"),
        "SM_USER_ENTRY_POINT": program,
        "SM_CHANNELS": sorted(channels),
        "SM_INPUT_DATA_CONFIG": dict(channels),
        "SM_HPS": own,
        "SM_USER_ARGS": arguments(own),
        "SM_FRAMEWORK_PARAMS": framework,
        "SM_RESOURCE_CONFIG": dict(resources),
        "SM_HOSTS": resources["hosts"],
        "SM_CURRENT_HOST": resources["current_host"],
        "SM_CURRENT_INSTANCE_TYPE": resources["current_instance_type"],
        "SM_NUM_CPUS": os.cpu_count() or 1,
        "SM_NUM_GPUS": 0,
        "SM_LOG_LEVEL": 20,
        "TRAINING_JOB_NAME": job["name"],
        "TRAINING_JOB_ARN": job["arn"],
    }
    values |= {f"SM_CHANNEL_{name.upper()}": f"/opt/ml/input/data/{name}" for name in channels}
    values |= {f"SM_HP_{name.upper()}": value for name, value in own.items()}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return {name: str(value) for name, value in rewritten(texts, place.root).items()}
