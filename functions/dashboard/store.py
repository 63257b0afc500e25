"""The tables of models, predictions and counters, read by index and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from functions.shared.aws.sdk import client, told
from functions.shared.models import ModelsTable, read
from functions.shared.resources.counters import of_day

MOST: Final = 2000
"""Predictions that are counted: about two megabytes to read."""


class FigureTables:
    """What DynamoDB knows of models, predictions and use."""

    def __init__(self, models: str, group: str, predictions: str, counters: str) -> None:
        self._models, self._group = ModelsTable(models), group
        self._predictions, self._counters = predictions, counters

    def models(self) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]:
        """Every trained model, and the live one."""
        with told():
            return self._models.of_group(self._group), self._models.live()

    def predictions(self, user_id: str, since: str) -> tuple[Sequence[Mapping[str, Any]], bool]:
        """A user's predictions, the newest first, and whether these are all."""
        found: list[dict[str, Any]] = []
        asked: dict[str, Any] = {}
        while True:
            with told():
                answer = client("dynamodb").query(
                    TableName=self._predictions,
                    IndexName="UserIndex",
                    KeyConditionExpression="userId = :user AND createdAt >= :since",
                    # What a prediction was asked about is left where it is.
                    ProjectionExpression="predictionId, createdAt, modelVersion, #result",
                    ExpressionAttributeNames={"#result": "result"},
                    ExpressionAttributeValues={":user": {"S": user_id}, ":since": {"S": since}},
                    ScanIndexForward=False,
                    Limit=MOST + 1 - len(found),
                    **asked,
                )
            found += [read(item) for item in answer["Items"]]
            if len(found) > MOST or "LastEvaluatedKey" not in answer:
                return found[:MOST], len(found) <= MOST
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def tokens(self, user_id: str, at: datetime) -> int:
        """Tokens that a user has used on a day."""
        name = of_day("insights", user_id, at.timestamp())
        with told():
            found = client("dynamodb").get_item(TableName=self._counters, Key={"counter": {"S": name}})
        return max(0, int(read(found["Item"]).get("used", 0))) if "Item" in found else 0
