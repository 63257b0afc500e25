"""What the function that answers Prometheus is told, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.ml_endpoint.hosting import VARIANT
from components.secure_api.args import SecureApiArgs
from components.values import Statement
from functions.metrics.settings import Settings
from functions.shared.settings import variables


def environment(args: SecureApiArgs, functions: Iterable[str], stage: str, told: dict[str, Any]) -> dict[str, Any]:
    """Variables; `told` is what every function that checks tokens is told."""
    period_s = args.get("figures_period_s", 0)
    if not period_s:
        return variables(Settings, **told)
    return variables(
        Settings,
        period_s=str(period_s),
        name_prefix=args["name_prefix"],
        stage=stage,
        functions=",".join(sorted(functions)),
        endpoint_name=args["endpoint_name"],
        variant=VARIANT,
        state_machine_arn=args["state_machine_arn"],
        **told,
    )


def rights(args: SecureApiArgs) -> list[Statement]:
    """To read metrics, which have no ARN; none where nothing is told."""
    if not args.get("figures_period_s", 0):
        return []
    return [
        {"Sid": "ReadFigures", "Effect": "Allow", "Action": ["cloudwatch:GetMetricData"], "Resource": ["*"]},
    ]
