"""The lines of one invocation, as Lambda writes them around what the function printed."""

from __future__ import annotations

import math
import time
from functools import lru_cache
from typing import Any

from sandbox.lambdas.encode import encode
from sandbox.lambdas.instance import Record

Event = tuple[int, str]
"""Milliseconds since 1970, and the line."""


def read(record: Record) -> None:
    """Keeps what the function printed before its file begins anew, and a line of Lambda's own where there is one."""
    text = record.instance.read_log(record.log_from, record.log_to).decode(errors="replace")
    record.lines = [line for line in (*text.split("\n"), record.message) if line]
    record.memory_mb = record.instance.memory_mb


def events(record: Record) -> list[Event]:
    """All lines of one invocation, in Lambda's format, text or JSON as declared."""
    before, after = (_json if record.instance.plan.json_logs else _text)(record)
    return [(record.began_ms, before), *((record.ended_ms, line) for line in (*record.lines, *after))]


def _text(record: Record) -> tuple[str, list[str]]:
    instance, request = record.instance, record.request_id
    cold = f"\tInit Duration: {instance.init_ms:.2f} ms" if record.first else ""
    status = {"success": "", "error": "\tStatus: error", "timeout": "\tStatus: timeout"}[record.status]
    report = (
        f"REPORT RequestId: {request}\tDuration: {record.duration_ms:.2f} ms\tBilled Duration: {_billed(record)} ms\t"
        f"Memory Size: {instance.plan.memory_mb} MB\tMax Memory Used: {record.memory_mb} MB{cold}{status}"
    )
    return f"START RequestId: {request} Version: {instance.version}", [f"END RequestId: {request}", report]


def _json(record: Record) -> tuple[str, list[str]]:
    instance = record.instance
    metrics: dict[str, float] = {
        "durationMs": round(record.duration_ms, 3),
        "billedDurationMs": _billed(record),
        "memorySizeMB": instance.plan.memory_mb,
        "maxMemoryUsedMB": record.memory_mb,
    }
    if record.first:
        metrics["initDurationMs"] = round(instance.init_ms, 3)
    start = {"requestId": record.request_id, "version": instance.version}
    report = {"requestId": record.request_id, "metrics": metrics, "status": record.status}
    return _platform("start", record.began_ms, start), [_platform("report", record.ended_ms, report)]


def _billed(record: Record) -> int:
    """Whole milliseconds, the start of a new instance included."""
    return math.ceil(record.duration_ms + (record.instance.init_ms if record.first else 0.0))


def _platform(kind: str, moment_ms: int, record: dict[str, Any]) -> str:
    seconds, rest = divmod(moment_ms, 1000)
    return encode({"time": f"{_second(seconds)}.{rest:03d}Z", "type": f"platform.{kind}", "record": record}).decode()


@lru_cache(maxsize=16)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
