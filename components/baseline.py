"""Baseline: the records that make a fresh stack's first model the live one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import dynamodb

LIVE: Final = "#live"
"""Version of the item that names the live model."""
BASELINE: Final = "baseline"
"""Version of the model that a fresh stack serves."""

# Older than every trained model, and the same on each run.
_BEGINNING: Final = "2000-01-01T00:00:00Z"
_FIGURES: Final = ("accuracy", "precision", "recall", "f1", "roc_auc", "per_class")


class BaselineArgs(TypedDict):
    """What the records say."""

    models_table: Input[str]
    """Table of models, whose hash key is `version`."""
    model_package_group: Input[str]
    """Model package group that versions belong to."""
    model_data_url: Input[str]
    """S3 address of the baseline's archive."""
    evaluation: Mapping[str, Any]
    """Its figures and a sample row, as `training.evaluate` writes them."""


class Baseline(pulumi.ComponentResource):
    """The item `baseline` and the item `#live` that names it; what releases make of them later is left alone."""

    def __init__(self, name: str, args: BaselineArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Baseline", name, {}, opts)
        model = Output.all(args["model_package_group"], args["model_data_url"]).apply(
            lambda given: baseline_item(given[0], args["evaluation"], given[1])
        )
        live = {"version": LIVE, "liveVersion": BASELINE, "updatedAt": _BEGINNING}
        for noun, values in {"model": model, "live": Output.from_input(live)}.items():
            dynamodb.TableItem(
                f"{name}-{noun}",
                table_name=args["models_table"],
                hash_key="version",
                item=values.apply(lambda plain: json.dumps(item(plain), sort_keys=True)),
                # Releases and archiving change the items from the first training on.
                opts=ResourceOptions(parent=self, ignore_changes=["item"]),
            )
        self.register_outputs({})


def baseline_item(model_group: str, evaluation: Mapping[str, Any], model_data_url: str) -> dict[str, Any]:
    """The record of the model that a fresh stack serves."""
    return {
        "version": BASELINE,
        "modelGroup": model_group,
        "status": "Live",
        "createdAt": _BEGINNING,
        "reason": "baseline",
        "algorithm": evaluation.get("algorithm", "unknown"),
        "metrics": {figure: evaluation[figure] for figure in _FIGURES if figure in evaluation},
        "modelDataUrl": model_data_url,
        **({"sample": evaluation["sample"]} if "sample" in evaluation else {}),
    }


def item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data as a DynamoDB item."""
    return {key: attribute(value) for key, value in values.items()}


def attribute(value: Any) -> dict[str, Any]:
    """One value in DynamoDB's typed JSON.

    Raises:
        TypeError: the value is of a type that JSON does not have.
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": repr(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, Mapping):
        return {"M": item(value)}
    if isinstance(value, list | tuple):
        return {"L": [attribute(inner) for inner in value]}
    raise TypeError(f"{value!r} of type {type(value).__name__} cannot be stored; give JSON values")
