"""Bodies of the prediction routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.shared.schemas import FEATURES, Answer, Body, Confidence, PredictionInput, Value, example


class PredictRequest(Body):
    """A row to predict for."""

    model_config = example({"input": FEATURES})
    input: PredictionInput


class Alternative(Answer):
    """Another class that was possible."""

    value: Value
    confidence: Confidence


class Result(Answer):
    """What the model says."""

    prediction: Value
    confidence: Confidence
    alternatives: list[Alternative]


class Prediction(Answer):
    """An answer; the same input answered from the cache keeps the id of the prediction that the model made."""

    model_config = example(
        {
            "predictionId": "7f1e6c1a-8f6c-4b8e-9c1d-2a1b3c4d5e6f",
            "result": {
                "prediction": "yes",
                "confidence": 0.92,
                "alternatives": [{"value": "no", "confidence": 0.08}],
            },
            "processingTime": 1.42,
            "modelVersion": "3f2a9c01b7de",
            "timestamp": "2026-01-31T12:00:00.000Z",
        }
    )
    prediction_id: str
    result: Result
    processing_time: Annotated[float, Field(ge=0, description="ms in the function")]
    model_version: str
    timestamp: str


class ModelInfo(Answer):
    """The live model."""

    model_config = example(
        {
            "modelVersion": "3f2a9c01b7de",
            "algorithm": "xgboost",
            "createdAt": "2026-01-31T11:40:00Z",
            "liveSince": "2026-01-31T12:00:00Z",
            "metrics": {"accuracy": 0.91, "precision": 0.9, "recall": 0.89, "f1": 0.89, "roc_auc": 0.95},
        }
    )
    model_version: str
    algorithm: str
    created_at: str
    live_since: str
    metrics: dict[str, float]
