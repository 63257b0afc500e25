"""What every function of a component has in common with its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import Input

from components.function.component import FunctionArgs
from components.values import Statement


def function_args(
    args: Mapping[str, Any],
    capability: str,
    environment: Mapping[str, Input[str]],
    statements: Sequence[Statement],
    timeout_s: int,
) -> FunctionArgs:
    """What a function needs that runs a folder of functions/ for a component.

    Args:
        args: of the component: `name_prefix`, `keys`, and where they are given `functions_directory`, `layers`,
            `memory_mb` and `log_days`.
        capability: the folder.
        environment: its variables.
        statements: what it may do.
        timeout_s: longest run.
    """
    return {
        "function_name": f"{args['name_prefix']}-{capability}",
        "capability": capability,
        "code": f"{args.get('functions_directory', 'dist/functions')}/{capability}.zip",
        "key_arn": args["keys"]["logs"],
        "layers": args.get("layers", []),
        "environment": environment,
        "statements": statements,
        "timeout_s": timeout_s,
        "memory_mb": args.get("memory_mb", 512),
        "retention_days": args.get("log_days", 30),
    }
