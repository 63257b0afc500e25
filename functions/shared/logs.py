"""Structured logs, one JSON line each, without personal data; metrics ride on the same line.

The embedded metric format makes CloudWatch read metrics from the log: they cost no call, and no second line.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from pydantic_core import to_json

from functions.measures import DIMENSION, NAMESPACE

CODE = re.compile(r"[A-Z][A-Za-z]{2,63}")
"""How codes of AWS's errors are written."""
_SECOND: list[tuple[int, str]] = [(-1, "")]
"""The current second and its text: calls are many a second, and formatting costs more than the rest of `now`."""


def now() -> str:
    """The time as every document of the platform writes it: UTC, milliseconds, Z."""
    second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    known, text = _SECOND[0]
    if known != second:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _SECOND[0] = (second, text)
    return f"{text}.{nanoseconds // 1_000_000:03d}Z"


def stamp(seconds: float) -> str:
    """Any time in the same form."""
    whole, part = divmod(int(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{part:03d}Z"


class Log:
    """The log of one function.

    Callers' input, tokens, e-mail addresses and texts of exceptions have no way into it: a line is a fixed message
    and the metadata that the code names.
    """

    def __init__(self, function: str, *, metrics: Mapping[str, str] | None = None, out: TextIO | None = None) -> None:
        """`metrics` are the names that lines may carry, with their units."""
        self._function, self._out = function, out
        self._units = metrics or {}
        self._directives: dict[tuple[str, ...], bytes] = {}

    def line(
        self,
        level: str,
        message: str,
        *,
        request_id: str = "",
        user_id: str = "",
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> None:
        """Writes one line."""
        entry: dict[str, Any] = {
            "timestamp": now(),
            "level": level,
            "requestId": request_id,
            "userId": user_id,
            "function": self._function,
            "message": message,
            "metadata": metadata or {},
        }
        line = to_json(entry)
        if metrics:
            # The directive is the same text for the same metrics: joined to the line, not written anew.
            stamp = b'%b,"_aws":{"Timestamp":%d,' % (line[:-1], time.time_ns() // 1_000_000)
            line = stamp + self._directive(tuple(metrics)) + to_json(metrics)[1:]
        (self._out or sys.stdout).write(line.decode() + "\n")

    def _directive(self, names: tuple[str, ...]) -> bytes:
        """Which members of a line are metrics, from the end of the timestamp to the first metric."""
        found = self._directives.get(names)
        if found is None:
            members = [{"Name": name, "Unit": self._units[name]} for name in names]
            directive = {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": members}
            named = to_json(DIMENSION), to_json(self._function)
            found = b'"CloudWatchMetrics":%b},%b:%b,' % (to_json([directive]), *named)
            self._directives[names] = found
        return found


def fault(error: BaseException) -> dict[str, Any]:
    """What a log may hold of an exception: its types and places, not its text, which may quote a caller's input."""
    causes: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(causes) < 5:
        causes.append(" ".join(filter(None, (type(seen).__name__, said_by_aws(seen)))))
        seen = seen.__cause__ or seen.__context__
    return {"error": causes, "at": places(error.__traceback__)}


def said_by_aws(error: BaseException) -> str:
    """The code of an error of AWS, such as `AccessDeniedException`: one of a service's fixed words, never its text."""
    answer = getattr(error, "response", None)
    told = answer.get("Error") if isinstance(answer, dict) else None
    code = told.get("Code") if isinstance(told, dict) else getattr(error, "code", "")
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


def places(traceback: TracebackType | None) -> list[str]:
    """`file:line function` of each frame, the innermost last."""
    found: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        found.append(f"{Path(code.co_filename).name}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return found[-12:]
