"""The workflow's functions: each with its archive, its environment and the rights it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pulumi import Input, Output, ResourceOptions

from components.function import Function, function_args
from components.ml_endpoint.rights import local_arn
from components.training_workflow import rights
from components.training_workflow.args import ALGORITHMS, TrainingWorkflowArgs
from functions.approvals.settings import Settings as ApprovalsSettings
from functions.compare.settings import Settings as CompareSettings
from functions.intake.settings import Settings as IntakeSettings
from functions.release.settings import Settings as ReleaseSettings
from functions.shared.settings import variables

_TIMEOUT_S: Final = {"intake": 300, "compare": 120, "release": 180, "approvals": 60}

SEED: Final = 42
"""Seed of split and training: the same data gives the same model."""


def capabilities(
    name: str, args: TrainingWorkflowArgs, machine_name: str, queue_arn: Input[str], opts: ResourceOptions
) -> dict[str, Function]:
    """The four functions by capability."""
    environments = _environments(args, machine_name)
    statements = {
        "intake": rights.intake_statements(args, machine_name),
        "compare": rights.compare_statements(args),
        "release": rights.release_statements(args),
        "approvals": rights.approvals_statements(args, machine_name, queue_arn),
    }
    found = {}
    for capability, environment in environments.items():
        given = function_args(args, capability, environment, statements[capability], _TIMEOUT_S[capability])
        # Only the release talks to the cache, which lives in the network.
        if capability == "release" and "subnet_ids" in args:
            given["subnet_ids"] = args["subnet_ids"]
            given["security_group_ids"] = args["security_group_ids"]
        found[capability] = Function(f"{name}-{capability}", given, opts)
    return found


def training_settings(args: TrainingWorkflowArgs) -> str:
    """What makes a training another one on the same data, in a stable order."""
    return json.dumps(
        {
            "algorithms": list(args.get("algorithms", ALGORITHMS)),
            "metric": args.get("metric", "f1"),
            "seed": SEED,
        },
        sort_keys=True,
    )


def _environments(args: TrainingWorkflowArgs, machine_name: str) -> dict[str, Mapping[str, Input[str]]]:
    group = f"{args['name_prefix']}-models"
    cache = args["cache"]
    found: dict[str, dict[str, Any]] = {
        "intake": variables(
            IntakeSettings,
            models_table=args["models_table"],
            raw_bucket=args["raw_bucket"],
            processed_bucket=args["processed_bucket"],
            models_bucket=args["models_bucket"],
            name_prefix=args["name_prefix"],
            model_package_group=group,
            code_digest=args["code_digest"],
            training_settings=training_settings(args),
            target_column=args.get("target_column", "target"),
            max_size_mb=str(args.get("max_size_mb", 1024)),
        ),
        "compare": variables(
            CompareSettings,
            models_table=args["models_table"],
            metric=args.get("metric", "f1"),
            threshold=str(args.get("threshold", 0.7)),
        ),
        "release": variables(
            ReleaseSettings,
            models_table=args["models_table"],
            endpoint_name=args["endpoint_name"],
            cache_host=cache["host"],
            cache_port=Output.from_input(cache["port"]).apply(lambda port: str(int(port))),
            cache_secret_arn=cache["secret_arn"],
        ),
        "approvals": variables(
            ApprovalsSettings,
            models_table=args["models_table"],
            state_machine_arn=local_arn(args["keys"]["data"], "states", f"stateMachine:{machine_name}"),
            model_package_group=group,
        ),
    }
    return {capability: dict(environment) for capability, environment in found.items()}
