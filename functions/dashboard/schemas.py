"""The body of the dashboard route."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.shared.schemas import Answer, Confidence, Value, example

Count = Annotated[int, Field(ge=0)]
Part = Literal["models", "predictions", "usage"]


class LiveModel(Answer):
    """The model that answers."""

    version: str
    algorithm: str
    created_at: str
    metrics: dict[str, float]


class ModelFigures(Answer):
    """Trained models."""

    total: Count
    by_status: dict[str, Count]
    live: LiveModel | None = None


class RecentPrediction(Answer):
    """One prediction."""

    prediction_id: str
    created_at: str
    model_version: str
    prediction: Value
    confidence: Confidence


class PredictionFigures(Answer):
    """The caller's predictions of the last seven days (UTC), today included."""

    total: Count
    complete: Annotated[bool, Field(description="False where there are more than are counted, the newest first")]
    by_day: Annotated[dict[str, Count], Field(description="Day → predictions, each day once")]
    by_model: Annotated[dict[str, Count], Field(description="Version → predictions")]
    recent: list[RecentPrediction]


class UsageFigures(Answer):
    """What the caller has used today (UTC)."""

    insights_tokens: Count
    insights_tokens_limit: Count


class Stats(Answer):
    """Figures, at most half a minute old; a part whose source does not answer is left out and named."""

    model_config = example(
        {
            "timestamp": "2026-01-31T12:00:00.000Z",
            "models": {
                "total": 3,
                "byStatus": {"Live": 1, "Archived": 1, "PendingApproval": 1},
                "live": {
                    "version": "3f2a9c01b7de",
                    "algorithm": "xgboost",
                    "createdAt": "2026-01-31T11:40:00Z",
                    "metrics": {"accuracy": 0.91, "f1": 0.89},
                },
            },
            "predictions": {
                "total": 1,
                "complete": True,
                "byDay": {"2026-01-31": 1},
                "byModel": {"3f2a9c01b7de": 1},
                "recent": [
                    {
                        "predictionId": "7f1e6c1a-8f6c-4b8e-9c1d-2a1b3c4d5e6f",
                        "createdAt": "2026-01-31T12:00:00.000Z",
                        "modelVersion": "3f2a9c01b7de",
                        "prediction": "yes",
                        "confidence": 0.92,
                    }
                ],
            },
            "usage": {"insightsTokens": 412, "insightsTokensLimit": 200000},
            "unavailable": [],
        }
    )
    timestamp: str
    models: ModelFigures | None = None
    predictions: PredictionFigures | None = None
    usage: UsageFigures | None = None
    unavailable: Annotated[list[Part], Field(description="Parts that are left out")]
