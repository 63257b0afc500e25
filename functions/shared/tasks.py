"""A handler for what is no API call: a step of the training, or an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.shared.aws.tracing import part, traced
from functions.shared.logs import Log, fault

Run = Callable[[Mapping[str, Any]], dict[str, Any]]


class WorkError(Exception):
    """A step cannot be done, for a reason that a person can mend; its text says what and how."""


def task(build: Callable[[], tuple[Run, Log]]) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A Lambda handler that logs how each run ended; an error goes on to the caller, which decides.

    What a run gives as `measured` becomes metrics, and is not handed on.
    """
    made: list[tuple[Run, Log]] = []

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        with traced("handler"):
            if not made:
                with part("build"):
                    made.append(build())
            return done(*made[0], event, str(getattr(context, "aws_request_id", "")))

    return handler


def done(run: Run, log: Log, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """What a run gives, with a line in the log of how it ended."""
    try:
        result = run(event)
    except Exception as error:
        why = str(error) if isinstance(error, WorkError) else ""
        log.line("ERROR", "failed", request_id=request_id, metadata={**fault(error), "why": why})
        raise
    measured = result.pop("measured", None)
    shown: dict[str, Any] = {name: result[name] for name in ("outcome", "version", "why") if name in result}
    log.line("INFO", "done", request_id=request_id, metadata=shown, metrics=measured)
    return result
