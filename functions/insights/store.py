"""Each caller's tokens of the day, counted before they are used."""

from __future__ import annotations

import time
from collections.abc import Callable

from functions.insights.logic import EngineError
from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.resources.counters import DAY_S, of_day


class DailyTokens:
    """Counters in a table, one item a caller and day (UTC); they go away by themselves."""

    def __init__(self, service: Service, table: str, limit: int, clock: Callable[[], float] = time.time) -> None:
        self._service, self._table, self._limit, self._clock = service, table, limit, clock

    def take(self, caller: str, tokens: int) -> bool:
        """Counts tokens; False where the limit does not hold so many, and EngineError where nothing can be counted."""
        if tokens > self._limit:
            return False
        try:
            self._add(caller, tokens, "attribute_not_exists(used) OR used <= :room", self._limit - tokens)
        except AwsError as error:
            if error.code == "ConditionalCheckFailedException":
                return False
            raise EngineError(f"counters table: {error.code}") from error
        except (AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            # What cannot be counted is not spent.
            raise EngineError(f"counters table: {type(error).__name__}") from error
        return True

    def give_back(self, caller: str, tokens: int) -> None:
        """Takes tokens off again. Where that fails the caller has fewer left until tomorrow, which loses nothing."""
        try:
            self._add(caller, -tokens, "used >= :room", tokens)
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError):
            return

    def _add(self, caller: str, tokens: int, condition: str, room: int) -> None:
        at_s = self._clock()
        self._service.call(
            "UpdateItem",
            {
                "TableName": self._table,
                "Key": {"counter": {"S": of_day("insights", caller, at_s)}},
                "UpdateExpression": "ADD used :tokens SET #ttl = :ttl",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#ttl": "ttl"},
                "ExpressionAttributeValues": {
                    ":tokens": {"N": str(tokens)},
                    ":room": {"N": str(room)},
                    ":ttl": {"N": str((int(at_s) // DAY_S + 2) * DAY_S)},
                },
            },
        )
