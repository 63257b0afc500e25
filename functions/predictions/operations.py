"""The operations of the prediction routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from functions.measures import MEASURES
from functions.predictions.logic import Predictor
from functions.predictions.schemas import ModelInfo, PredictRequest
from functions.shared.api import Operation, Request
from functions.shared.errors import NOT_THERE_YET, ApiError, Detail
from functions.shared.logs import now

METRICS = MEASURES["predictions"]
"""What the function counts."""

COUNTED: Mapping[str, Mapping[str, float]] = {
    "hit": {"CacheHits": 1, "CacheMisses": 0, "CacheOff": 0},
    "miss": {"CacheHits": 0, "CacheMisses": 1, "CacheOff": 0},
    "off": {"CacheHits": 0, "CacheMisses": 0, "CacheOff": 1},
    "bypass": {},
}
"""Per source of a prediction, what it counts as; a caller's own bypass says nothing about the cache."""

MEANWHILE = "send it to /v1/ml/predict: alternatives and their confidence say how sure the model is, not yet why"
"""What somebody can do who wants an explanation."""

SCOPES = ("aws.cognito.signin.user.admin", "platform/predict")


class Cards(Protocol):
    """What is told of models (functions.predictions.cards.ModelCards)."""

    def live(self) -> ModelInfo:
        """The card of the live one; ApiError where there is none."""


def operations(predictor: Predictor, cards: Cards) -> dict[str, Operation]:
    """What stands behind the routes."""

    def predict(request: Request) -> Mapping[str, Any]:
        row: Any = request.body.input
        bypass = "no-cache" in request.headers.get("cache-control", "").lower()
        found = predictor.predict(row.__pydantic_extra__ or {}, request.caller.user_id, bypass=bypass)
        took_ms = request.elapsed_ms
        request.notes.update(cache=found.source, modelVersion=found.version)
        request.metrics = {"Predictions": 1, **COUNTED[found.source], "ProcessingTime": took_ms}
        sure = found.result.get("confidence")
        if sure is not None:
            request.metrics["Confidence"] = 100 * sure
        return {
            "predictionId": found.prediction_id,
            "result": found.result,
            "processingTime": took_ms,
            "modelVersion": found.version,
            "timestamp": now(),
        }

    def model_info(_request: Request) -> ModelInfo:
        return cards.live()

    def explain(_request: Request) -> None:
        raise ApiError("not_there_yet", [Detail("input", MEANWHILE)])

    asked = Operation(predict, scopes=SCOPES, request=PredictRequest)
    return {
        "POST /v1/ml/predict": asked,
        "POST /v1/inference/predict": asked,
        "POST /v1/ml/explain": Operation(explain, status=NOT_THERE_YET, scopes=SCOPES, request=PredictRequest),
        "GET /v1/ml/model-info": Operation(model_info, scopes=SCOPES, tagged=True),
    }
