"""Puts alarms into states: what that sets off, and the history of it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final, Protocol

from sandbox.alarms import actions
from sandbox.alarms.measured.points import Now
from sandbox.cloud import Judge

KEPT: Final = 1000
"""Rows of history a region."""


class ChangesCloud(Protocol):
    """What alarms need of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def judge(self) -> Judge:
        """Says why IAM refuses something."""


class Changes:
    """Every change of a state in one account."""

    def __init__(self, cloud: ChangesCloud, now: Now) -> None:
        self._cloud = cloud
        self._now = now
        self._history: dict[str, deque[dict[str, Any]]] = {}

    def moment(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self._now(), timezone.utc)

    def put(self, region: str, alarm: Any, state: str, reason: str, data: Mapping[str, Any] | str) -> bool:
        """Puts an alarm of moto's into a state and acts, when that is another one; gives whether it was."""
        if alarm.state_value == state:
            if state == "INSUFFICIENT_DATA":
                # What is lacking may be another thing by now, and is all that a reader wants to know.
                alarm.state_reason = reason
            return False
        old, old_reason, old_at = alarm.state_value, alarm.state_reason, alarm.state_updated_timestamp
        alarm.update_state(reason, data if isinstance(data, str) else json.dumps(data), state)
        change = actions.Change(alarm, region, self._cloud.account, old, old_reason, old_at, self.moment())
        self._tell(change, "StateUpdate", f"Alarm updated from {old} to {state}", {"stateReason": reason})
        for arn, fault in actions.act(change, self._cloud.judge):
            how = f"Failed to execute action {arn}: {fault}" if fault else f"Successfully executed action {arn}"
            self._tell(change, "Action", how, {"actionState": "Failed" if fault else "Succeeded"})
        return True

    def history(self, region: str, name: str, kind: str) -> list[dict[str, Any]]:
        """What happened to alarms, newest first; name and kind may be empty."""
        rows = reversed(list(self._history.get(region, ())))
        return [row for row in rows if name in {"", row["AlarmName"]} and kind in {"", row["HistoryItemType"]}]

    def _tell(self, change: actions.Change, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        row = {
            "AlarmName": change.alarm.name,
            "AlarmType": "CompositeAlarm" if change.alarm.rule else "MetricAlarm",
            "Timestamp": change.at,
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
        self._history.setdefault(change.region, deque(maxlen=KEPT)).append(row)
