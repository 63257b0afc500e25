"""Bodies of the model routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.shared.schemas import Answer, Body, Pagination, example, page_example

Status = Literal["Training", "Rejected", "PendingApproval", "Deploying", "Live", "Archived", "Failed"]

MODEL = {
    "version": "3f2a9c01b7de",
    "status": "PendingApproval",
    "createdAt": "2026-01-31T11:30:00Z",
    "reason": "upload",
    "algorithm": "xgboost",
    "metrics": {"accuracy": 0.91, "precision": 0.9, "recall": 0.89, "f1": 0.89, "roc_auc": 0.95},
}


class ModelVersion(Answer):
    """One trained model."""

    model_config = example(MODEL)
    version: str
    status: Status
    created_at: str
    reason: str = ""
    algorithm: str = ""
    metrics: Annotated[dict[str, float], Field(default_factory=dict)]
    decided_by: Annotated[str, Field(description="Id of the user who approved it")] = ""
    failure: Annotated[str, Field(description="Why its training or deployment failed")] = ""


class ModelPage(Answer):
    """A page of models, the newest first."""

    model_config = page_example(MODEL)
    data: list[ModelVersion]
    pagination: Pagination


class Approve(Body):
    """A decision to deploy."""

    model_config = example({"force": False})
    force: Annotated[bool, Field(strict=True, description="Approve although the live model is better")] = False


class Approval(Answer):
    """An approved model; the training that waits for the decision deploys it now."""

    model_config = example({"version": "3f2a9c01b7de", "status": "Approved", "forced": False})
    version: str
    status: Literal["Approved"]
    forced: bool
