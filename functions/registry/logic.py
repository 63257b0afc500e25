"""The list of trained models, and the decision to deploy one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from functions.registry.schemas import Approval, ModelPage, ModelVersion
from functions.shared.errors import ApiError, Detail
from functions.shared.models import BASELINE, ChangedError
from functions.shared.resources.lists import ListQuery, Place

PENDING = "PendingApproval"
METRIC = "accuracy"
"""What models are compared by where a training has not said which figure decided."""

LONGEST = 1000
"""Characters of a failure that a caller is told."""


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def get(self, version: str) -> dict[str, Any] | None:
        """One item."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""

    def of_group(self, group: str) -> list[dict[str, Any]]:
        """All items of a group, the newest first."""

    def update(self, version: str, values: Mapping[str, Any], *, status: str | None = None) -> None:
        """Sets attributes of an item that has this status; ChangedError where it has not."""


class Packages(Protocol):
    """The model registry."""

    def approve(self, arn: str, why: str) -> None:
        """Approves a model package."""


def page_of(models: Models, group: str, query: ListQuery) -> ModelPage:
    """One page of the models, the newest first; they are few, and all are read."""
    page = Place.of(query, ids=str).cut(models.of_group(group), spot)
    return ModelPage(data=[shown(item) for item in page.rows], pagination=page.pagination)


def spot(item: Mapping[str, Any]) -> tuple[str, str]:
    """Where an item stands in the list."""
    return str(item.get("createdAt", "")), str(item["version"])


def shown(item: Mapping[str, Any]) -> ModelVersion:
    """What a caller may see of an item."""
    return ModelVersion(
        version=item["version"],
        status=item["status"],
        created_at=item.get("createdAt", ""),
        reason=item.get("reason", ""),
        algorithm=item.get("algorithm", ""),
        metrics=figures(item),
        decided_by=item.get("decidedBy", ""),
        failure=why_failed(str(item["failure"])) if item.get("failure") else "",
    )


def why_failed(text: str) -> str:
    """The reason within a state machine's error, which wraps a whole job's or function's description in JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return text[:LONGEST]
    if not isinstance(found, dict):
        return text[:LONGEST]
    if found.get("Cause"):
        return why_failed(str(found["Cause"]))
    # A job describes itself with FailureReason, a function with errorMessage; a stopped execution neither.
    return str(found.get("FailureReason") or found.get("errorMessage") or found.get("Error") or text)[:LONGEST]


def figures(item: Mapping[str, Any]) -> dict[str, float]:
    """An item's figures that are single numbers."""
    found = item.get("metrics") or {}
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float))}


def approve(models: Models, packages: Packages, version: str, *, force: bool, user_id: str) -> Approval:
    """Approves a model that waits for it; the same decision twice is one decision."""
    item = None if version.startswith("#") else models.get(version)
    if item is None:
        raise ApiError("unknown_model", [Detail("version", "GET /v1/models lists what there is")])
    if item.get("status") != PENDING or not item.get("modelPackageArn"):
        raise not_pending(item)
    worse = None if force else worse_than(item, models.live())
    if worse:
        raise ApiError("worse_than_live", [worse])
    try:
        models.update(version, {"decidedBy": user_id, "forced": force}, status=PENDING)
    except ChangedError as error:
        raise not_pending(models.get(version) or item) from error
    packages.approve(str(item["modelPackageArn"]), f"by {user_id}{', forced' if force else ''}")
    return Approval(version=version, status="Approved", forced=force)


def not_pending(item: Mapping[str, Any]) -> ApiError:
    """The refusal for a model in another state."""
    return ApiError("not_pending", [Detail("status", f"is {item.get('status')}; only {PENDING} can be approved")])


def worse_than(item: Mapping[str, Any], live: Mapping[str, Any] | None) -> Detail | None:
    """In which figure a model is worse than the live one, if it is."""
    if live is None or live["version"] in (BASELINE, item["version"]):
        return None
    metric = str(item.get("metric", METRIC))
    mine, theirs = figures(item).get(metric), figures(live).get(metric)
    if theirs is None or (mine is not None and mine >= theirs):
        return None
    return Detail(f"metrics.{metric}", f"is {mine}; the live model {live['version']} has {theirs}")
