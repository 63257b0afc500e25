"""The services' own metrics: what the gateway, functions, endpoints, tables and state machines did, as data points.

Whatever is called while a caller waits only puts a row into a queue; `drain` counts later, in a thread of its own.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final, TypeVar

from sandbox.alarms.measured import embedded
from sandbox.alarms.measured.points import Points, Series
from sandbox.gateway.context import Answer, Exchange
from sandbox.lambdas.instance import Record
from sandbox.lambdas.plan import Plan

WAITING: Final = 200_000
"""Rows that wait to be counted; the oldest fall out first, which takes minutes at any rate that this machine has."""

_Values = defaultdict[tuple[Series, str], "Counter[float]"]
Row = TypeVar("Row")


class _Requests:
    """Requests of one route in one moment."""

    def __init__(self) -> None:
        self._statuses: Counter[int] = Counter()
        self._took_ms: Counter[float] = Counter()
        self._function_ms: Counter[float] = Counter()

    def add(self, status: int, took_ms: float, function_ms: float) -> None:
        """Takes one; 0 for the function's time where none was called."""
        self._statuses[status] += 1
        self._took_ms[took_ms] += 1
        if function_ms:
            self._function_ms[function_ms] += 1

    def values(self) -> list[tuple[str, str, Mapping[float, int]]]:
        """Name, unit and values of each metric."""
        count = self._statuses.total()
        refused = sum(times for status, times in self._statuses.items() if 400 <= status < 500)
        failed = sum(times for status, times in self._statuses.items() if status >= 500)
        rows: list[tuple[str, str, Mapping[float, int]]] = [
            ("Count", "Count", {1.0: count}),
            ("4XXError", "Count", _yes_no(refused, count)),
            ("5XXError", "Count", _yes_no(failed, count)),
            ("Latency", "Milliseconds", self._took_ms),
        ]
        return [*rows, ("IntegrationLatency", "Milliseconds", self._function_ms)] if self._function_ms else rows


class Meter:
    """Counts for one account."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.api_names: dict[str, str] = {}
        """Id of an API → its name, which is the dimension."""
        self._requests: deque[tuple[Exchange, int, float, float]] = deque(maxlen=WAITING)
        self._calls: deque[tuple[str, str, str, int, float, float]] = deque(maxlen=WAITING)
        self._operations: deque[tuple[str, str, str, float, float]] = deque(maxlen=WAITING)

    def served(self, exchange: Exchange, answer: Answer) -> None:
        """One request of the gateway."""
        took_ms = (time.perf_counter() - exchange.began) * 1000
        self._requests.append((exchange, answer.status, took_ms, exchange.began_s))

    def answered(self, region: str, endpoint: str, variant: str, status: int, took_s: float) -> None:
        """One invocation of an endpoint; status 0 where the model gave none."""
        self._calls.append((region, endpoint, variant, status, took_s * 1_000_000, self.points.now()))

    def operated(self, region: str, table: str, operation: str, took_ms: float) -> None:
        """One operation on a table that succeeded."""
        self._operations.append((region, table, operation, took_ms, self.points.now()))

    def invoked(self, records: Sequence[Record]) -> None:
        """Runs of functions that are over."""
        by_function: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
        for record in records:
            plan = record.instance.plan
            by_function[plan.region, plan.name].append(record)
        for (region, name), rows in by_function.items():
            for moment, part in _by_moment((row.ended_ms / 1000, row) for row in rows):
                failed = sum(row.status != "success" for row in part)
                self._lambda(region, name, "Invocations", {1.0: len(part)}, moment)
                self._lambda(region, name, "Errors", _yes_no(failed, len(part)), moment)
                self._lambda(region, name, "Throttles", {0.0: len(part)}, moment)
                times = Counter(row.duration_ms for row in part)
                self._lambda(region, name, "Duration", times, moment, unit="Milliseconds")
                self._lambda(region, name, "ConcurrentExecutions", {float(_peak(rows)): 1}, moment)

    def throttled(self, plan: Plan) -> None:
        """A call that found no instance free."""
        self._lambda(plan.region, plan.name, "Throttles", {1.0: 1}, self.points.now())

    def printed(self, region: str, lines: Iterable[str]) -> None:
        """Lines of log groups; metrics may ride on them."""
        embedded.take(self.points, region, lines)

    def executed(self, region: str, machine_arn: str, name: str, value: float = 1.0, unit: str = "Count") -> None:
        """Something that an execution of a state machine did."""
        self.points.add(Series.of(region, "AWS/States", name, {"StateMachineArn": machine_arn}), [value], unit=unit)

    def queued(self, region: str, queue: str, visible: int) -> None:
        """Messages that wait in a queue at this moment."""
        series = Series.of(region, "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue})
        self.points.add(series, [float(visible)], unit="Count")

    def drain(self) -> None:
        """Counts what waits."""
        for moment, rows in _by_moment((row[3], row) for row in _taken(self._requests)):
            self._put(self._of_requests(rows), moment)
        for moment, calls in _by_moment((row[5], row) for row in _taken(self._calls)):
            self._put(_of_calls(calls), moment)
        for moment, operations in _by_moment((row[4], row) for row in _taken(self._operations)):
            self._put(_of_operations(operations), moment)

    def _of_requests(self, rows: Iterable[tuple[Exchange, int, float, float]]) -> _Values:
        """Five series by the stage and by the route; requests of a route are counted before its series are named."""
        by_route: defaultdict[tuple[tuple[str, str, str], tuple[str, str] | None], _Requests] = defaultdict(_Requests)
        for exchange, status, took_ms, _ in rows:
            stage, method = exchange.stage, exchange.method
            route = None if method is None else (exchange.verb, method.resource)
            key = (stage.region, stage.api.id, stage.name), route
            by_route[key].add(status, took_ms, exchange.integration_ms)
        found: _Values = defaultdict(Counter)
        for ((region, api, stage_name), route), requests in by_route.items():
            whole = {"ApiName": self.api_names.get(api, api), "Stage": stage_name}
            places = [whole] if route is None else [whole, {**whole, "Method": route[0], "Resource": route[1]}]
            for place in places:
                for name, unit, values in requests.values():
                    found[Series.of(region, "AWS/ApiGateway", name, place), unit].update(values)
        return found

    def _put(self, found: Mapping[tuple[Series, str], Mapping[float, float]], moment: float) -> None:
        for (series, unit), values in found.items():
            self.points.add_counted(series, values, unit=unit, at=moment)

    def _lambda(
        self, region: str, function: str, name: str, values: Mapping[float, float], at: float, *, unit: str = "Count"
    ) -> None:
        series = Series.of(region, "AWS/Lambda", name, {"FunctionName": function})
        self.points.add_counted(series, values, unit=unit, at=at)


def _of_calls(rows: Iterable[tuple[str, str, str, int, float, float]]) -> _Values:
    found: _Values = defaultdict(Counter)
    for region, endpoint, variant, status, took_us, _ in rows:
        place = {"EndpointName": endpoint, "VariantName": variant}
        values = {
            "Invocations": (1.0, "Count"),
            "InvocationsPerInstance": (1.0, "Count"),
            "Invocation4XXErrors": (float(400 <= status < 500), "Count"),
            "Invocation5XXErrors": (float(status >= 500 or status == 0), "Count"),
            "InvocationModelErrors": (float(status != 200), "Count"),
            "ModelLatency": (took_us, "Microseconds"),
        }
        for name, (value, unit) in values.items():
            found[Series.of(region, "AWS/SageMaker", name, place), unit][value] += 1
    return found


_READS: Final = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
OPERATIONS: Final = _READS | {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
"""Operations on tables that are counted."""


def _of_operations(rows: Iterable[tuple[str, str, str, float, float]]) -> _Values:
    found: _Values = defaultdict(Counter)
    for region, table, operation, took_ms, _ in rows:
        used = "ConsumedReadCapacityUnits" if operation in _READS else "ConsumedWriteCapacityUnits"
        found[Series.of(region, "AWS/DynamoDB", used, {"TableName": table}), "Count"][1.0] += 1
        place = {"TableName": table, "Operation": operation}
        latency = Series.of(region, "AWS/DynamoDB", "SuccessfulRequestLatency", place)
        found[latency, "Milliseconds"][took_ms] += 1
    return found


def _taken(queue: deque[Row]) -> list[Row]:
    return [queue.popleft() for _ in range(len(queue))]


def _by_moment(rows: Iterable[tuple[float, Row]]) -> list[tuple[float, list[Row]]]:
    """Rows by the tenth of a second in which they were, so that none counts in a later period."""
    found: defaultdict[float, list[Row]] = defaultdict(list)
    for moment, row in rows:
        found[round(moment, 1)].append(row)
    return list(found.items())


def _peak(rows: Sequence[Record]) -> int:
    """How many of the runs were at work at once."""
    turns = [(row.ended_ms - row.duration_ms, 1) for row in rows] + [(float(row.ended_ms), -1) for row in rows]
    return max(accumulate(change for _, change in sorted(turns)), default=0)


def _yes_no(yes: int, of: int) -> dict[float, int]:
    """So many ones, and zeros for the rest: a failure that did not happen is a data point too."""
    return {value: times for value, times in ((1.0, yes), (0.0, of - yes)) if times}
