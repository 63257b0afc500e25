"""The alarms runtime: hooks moto's CloudWatch, collects data points, evaluates what is declared, and acts."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox.alarms import operations
from sandbox.alarms.actions import stamp
from sandbox.alarms.changes import Changes, ChangesCloud
from sandbox.alarms.data import on_data
from sandbox.alarms.definitions import Definition, definition
from sandbox.alarms.evaluation import verdict
from sandbox.alarms.filters import either
from sandbox.alarms.measured import embedded
from sandbox.alarms.measured.counted import Filters, checked
from sandbox.alarms.measured.meter import Meter
from sandbox.alarms.measured.points import Now, Points
from sandbox.alarms.measured.sources import sample_queues, watch
from sandbox.alarms.rules import read
from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger
from sandbox.processes.named import name_thread

if TYPE_CHECKING:
    from sandbox.containers import Containers
    from sandbox.lambdas import Functions

LOG = logging.getLogger(__name__)
TICK_S: Final = 0.25
LAG_S: Final = 1.0
"""How old a moment must be before it is evaluated: log lines come half a second late."""
MINUTE_S: Final = 60.0
LEAST_SCALE: Final = 0.001
_DEEPEST: Final = 10
"""How deep composite alarms may ask about each other, which ends those that do so in a circle."""
_API: Final = "aws:apigateway/restApi:RestApi"


class Alarms:
    """CloudWatch's alarms, in every region.

    Build it with the cloud and a directory (unused: nothing is written), call `install()` before the program runs,
    `attach()` after it, `close()` at the end.
    """

    def __init__(
        self,
        cloud: ChangesCloud,
        directory: Path,
        *,
        scale: float = 1.0,
        now: Now = time.time,
        threaded: bool = True,
    ) -> None:
        """See the class.

        Args:
            cloud: where the services are.
            directory: unused.
            scale: how long a period is here for one that is declared: with 0.01, five minutes are three seconds.
            now: the time.
            threaded: whether a thread evaluates; without one, a test calls `evaluate`.
        """
        self.directory = directory
        self.points = Points(now)
        self.meter = Meter(self.points)
        self._filters = Filters(self.points)
        self._cloud = cloud
        self._now = now
        self._threaded = threaded
        self._hooks = Hooks()
        self._lost: set[str] = set()
        self._seen: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], tuple[Any, Definition]] = {}
        self._changes = Changes(cloud, now)
        self._sampled = -1
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
        self.scale = 1.0
        self.set_scale(scale)

    @property
    def notes(self) -> list[str]:
        """Where this differs from AWS, for the report."""
        shorter = [f"alarms: a period of an hour lasts {3600 * self.scale:g} s here"] if self.scale != 1 else []
        return [*shorter, *NOTES]

    def measure(self, functions: Functions, containers: Containers) -> None:
        """Begins to count what functions and endpoints do; the gateway counts by `meter.served`."""
        functions.logs.watcher = self.meter
        containers.watch = self.meter.answered

    def install(self) -> None:
        """Takes over moto's data points and alarms, and begins to count what the services do."""
        from moto.cloudwatch.models import CloudWatchBackend
        from moto.cloudwatch.responses import CloudWatchResponse
        from moto.logs.models import LogsBackend
        from moto.sns.utils import FilterPolicyMatcher

        for name, operation in on_data(self.points).items():
            self._hooks.replace(CloudWatchResponse, name, operation)
        for name, operation in operations.on_alarms(self._changes).items():
            self._hooks.add(CloudWatchResponse, name, operation)
        self._hooks.wrap(CloudWatchBackend, "put_metric_alarm", operations.checked)
        self._hooks.wrap(CloudWatchBackend, "set_alarm_state", operations.setting(self._changes, self._lock))
        self._hooks.wrap(LogsBackend, "put_log_events", self._reading)
        self._hooks.wrap(LogsBackend, "put_metric_filter", checked)
        self._hooks.wrap(FilterPolicyMatcher, "_field_match", lambda original: staticmethod(either(original)))
        watch(self._hooks, self.meter)

    def attach(self, ledger: Ledger) -> None:
        """Begins to evaluate the alarms that exist at each look."""
        for api in ledger.of_type(_API):
            self.meter.api_names[api.id] = str(api.inputs.get("name") or api.id)
        if self._threaded:
            self._thread.start()

    def close(self) -> None:
        """Ends the thread and undoes the hooks."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._hooks.undo()

    def lose(self, region: str) -> None:
        """Evaluates nothing in a region until `recover`."""
        self._lost.add(region)

    def recover(self, region: str) -> None:
        """Goes on with a region."""
        self._lost.discard(region)

    def commands(self) -> Mapping[str, Callable[..., Any]]:
        """What `sandbox.control.Control` can ask for."""
        return {"alarms": self.states, "alarm_scale": self.set_scale}

    def set_scale(self, scale: float) -> None:
        """Lets a period last this much of what is declared, from now on."""
        if not LEAST_SCALE <= scale <= 1:
            raise ValueError(f"scale {scale!r} is not allowed; give {LEAST_SCALE} to 1, where 1 is as declared")
        with self._lock:
            self.scale = float(scale)
            self._seen.clear()

    def states(self, prefix: str = "") -> list[dict[str, Any]]:
        """Every alarm with its state and why, those that are not OK first."""
        rows = [
            {
                "name": alarm.name,
                "region": region,
                "state": alarm.state_value,
                "reason": alarm.state_reason,
                "since": alarm.state_updated_timestamp.replace(tzinfo=timezone.utc).timestamp(),
                "composite": alarm.rule is not None,
            }
            for region, backend in self._backends()
            for alarm in list(backend.alarms.values())
            if alarm.name.startswith(prefix)
        ]
        order = ("ALARM", "INSUFFICIENT_DATA", "OK")
        return sorted(rows, key=lambda row: (order.index(row["state"]), row["name"], row["region"]))

    def evaluate(self) -> int:
        """Evaluates what is due; gives how many alarms changed."""
        self._sample()
        self.meter.drain()
        self.points.tidy()
        with self._lock:
            return sum(self._region(region, backend) for region, backend in self._backends())

    def _sample(self) -> None:
        """What is no event but a level, once a minute."""
        turn = math.floor(self._now() / max(MINUTE_S * self.scale, TICK_S))
        if turn != self._sampled:
            self._sampled = turn
            sample_queues(self._cloud.account, self.meter)

    def _region(self, region: str, backend: Any) -> int:
        changed, plain, composite = 0, list[Any](), list[Any]()
        for alarm in list(backend.alarms.values()):
            (plain if alarm.rule is None else composite).append(alarm)
        for alarm in plain:
            changed += self._metric(region, alarm)
        for _ in range(_DEEPEST):
            moved = sum(self._composite(region, backend, alarm) for alarm in composite)
            changed += moved
            if not moved:
                break
        return changed

    def _metric(self, region: str, alarm: Any) -> bool:
        known = self._definition(region, alarm)
        step_s = max(min(known.period_s, MINUTE_S) * self.scale, TICK_S)
        turn = math.floor((self._now() - LAG_S) / step_s)
        if self._seen.get((region, alarm.name)) == turn:
            return False
        self._seen[region, alarm.name] = turn
        found = verdict(known, self.points, turn * step_s, self.scale, alarm.state_value)
        data = {
            "version": "1.0",
            "queryDate": stamp(self._changes.moment()),
            "period": known.period_s,
            "recentDatapoints": found.recent,
            "threshold": known.threshold,
        }
        return self._changes.put(region, alarm, found.state, found.reason, data)

    def _definition(self, region: str, alarm: Any) -> Definition:
        """What an alarm watches, read once: a changed alarm is another object."""
        kept = self._known.get((region, alarm.name))
        if kept is None or kept[0] is not alarm:
            kept = self._known[region, alarm.name] = (alarm, definition(alarm, region))
        return kept[1]

    def _composite(self, region: str, backend: Any, alarm: Any) -> bool:
        states = {name: other.state_value for name, other in backend.alarms.items()}
        rule = read(alarm.rule)
        lacking = [name for name in rule.names if name not in states]
        if lacking:
            reason = f"{', '.join(lacking)} does not exist any more"
            return self._changes.put(region, alarm, "INSUFFICIENT_DATA", reason, "{}")
        triggering = [{"name": name, "state": states[name]} for name in rule.names]
        reason = ", ".join(f"{row['name']} is {row['state']}" for row in triggering)
        state = "ALARM" if rule.holds(states) else "OK"
        return self._changes.put(region, alarm, state, reason, {"triggeringAlarms": triggering})

    def _reading(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Log lines that carry metrics, or that a filter counts, become data points."""

        def put_log_events(
            backend: Any, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
        ) -> Any:
            answer = original(backend, log_group_name, log_stream_name, log_events)
            embedded.take(self.points, backend.region_name, (event["message"] for event in log_events))
            filters = backend.filters.get_matching_filters(log_group_name=log_group_name)
            if filters:
                self._filters.take(backend.region_name, filters, log_events)
            return answer

        return put_log_events

    def _backends(self) -> list[tuple[str, Any]]:
        from moto.cloudwatch.models import cloudwatch_backends

        found = list(cloudwatch_backends[self._cloud.account].items())
        return [(region, backend) for region, backend in found if backend.alarms and region not in self._lost]

    def _run(self) -> None:
        name_thread(self._thread.name)
        while not self._stop.wait(TICK_S):
            self._try()

    def _try(self) -> None:
        try:
            self.evaluate()
        except Exception:
            # One alarm that cannot be evaluated must not end the evaluation of all later ones.
            LOG.exception("alarms could not be evaluated")


NOTES: Final = (
    "alarms are evaluated each minute over sliding windows, with at most a second of delay",
    "an anomaly band is the mean of up to 200 earlier data points and its standard deviations; 30 are needed",
    "data points of services: API Gateway, Lambda, SageMaker endpoints, DynamoDB, Step Functions, SQS, replication",
    "each operation on a table counts as one capacity unit",
    "metric filters: words, and conditions on members of JSON lines; what else CloudWatch has is refused",
    "alarms act on SNS topics and the event bus; other actions are noted in the alarm's history",
)
