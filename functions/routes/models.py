"""Predictions, insights, trainings and models."""

from __future__ import annotations

from dataclasses import replace

from functions.insights import schemas as insights
from functions.predictions import schemas as predictions
from functions.registry import schemas as registry
from functions.routes.route import SIGNED_IN, Header, Route
from functions.shared.errors import NOT_THERE_YET
from functions.shared.resources.lists import ListQuery
from functions.trainings import schemas as trainings

BYPASS = Header("Cache-Control", "`no-cache` asks the model itself, and renews what the cache holds within a second")
MODEL_ERRORS = ("model_rejected_input", "throttled", "model_failed", "model_unavailable", "timeout")

PREDICT = Route(
    method="POST",
    path="/v1/ml/predict",
    capability="predictions",
    operation="predict",
    summary="Ask the live model",
    tag="predictions",
    scopes=(*SIGNED_IN, "platform/predict"),
    request=predictions.PredictRequest,
    response=predictions.Prediction,
    headers=(BYPASS,),
    errors=MODEL_ERRORS,
    # Over all callers; each alone has 1,000 a second (functions/shared/door/pace.py).
    throttle_rps=5000,
    throttle_burst=5000,
)

ROUTES: tuple[Route, ...] = (
    PREDICT,
    # One operation under two names.
    replace(PREDICT, path="/v1/inference/predict", operation="infer", summary="Ask the live model, as /v1/ml/predict"),
    Route(
        method="POST",
        path="/v1/ml/explain",
        capability="predictions",
        operation="explain",
        summary="Say which inputs made a prediction what it is",
        tag="predictions",
        scopes=(*SIGNED_IN, "platform/predict"),
        request=predictions.PredictRequest,
        response=None,
        status=NOT_THERE_YET,
        errors=("not_there_yet",),
        throttle_rps=5,
        throttle_burst=10,
    ),
    Route(
        method="GET",
        path="/v1/ml/model-info",
        capability="predictions",
        operation="model_info",
        summary="Describe the live model",
        tag="predictions",
        scopes=(*SIGNED_IN, "platform/predict"),
        response=predictions.ModelInfo,
        tagged=True,
        errors=("no_live_model", "unavailable"),
    ),
    Route(
        method="POST",
        path="/v1/insights",
        capability="insights",
        operation="insights",
        summary="Read what a customer wrote: adverse events, sentiment, needs, concerns, recommendations",
        tag="insights",
        scopes=(*SIGNED_IN, "platform/insights"),
        request=insights.InsightsRequest,
        response=insights.Insights,
        errors=("unsupported_language",),
        throttle_rps=50,
        throttle_burst=100,
    ),
    Route(
        method="POST",
        path="/v1/training/start",
        capability="trainings",
        operation="start_training",
        summary="Train on an uploaded file",
        tag="training",
        scopes=(*SIGNED_IN, "platform/train"),
        groups=("scientists",),
        request=trainings.StartTraining,
        response=trainings.Training,
        status=202,
        once=True,
        errors=("already_started", "unavailable"),
        throttle_rps=5,
        throttle_burst=10,
    ),
    Route(
        method="GET",
        path="/v1/models",
        capability="registry",
        operation="list_models",
        summary="List trained models",
        tag="models",
        scopes=(*SIGNED_IN, "platform/models"),
        query=ListQuery,
        response=registry.ModelPage,
        tagged=True,
        errors=("unavailable",),
    ),
    Route(
        method="PUT",
        path="/v1/models/{version}/approve",
        capability="registry",
        operation="approve_model",
        summary="Approve a model for deployment",
        tag="models",
        scopes=(*SIGNED_IN, "platform/approve"),
        groups=("approvers",),
        request=registry.Approve,
        response=registry.Approval,
        errors=("unknown_model", "not_pending", "worse_than_live", "unavailable"),
        throttle_rps=5,
        throttle_burst=10,
    ),
)
