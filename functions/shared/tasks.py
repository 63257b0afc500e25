"""A handler for what is no API call: a step of the training, or an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.shared.aws.tracing import part, traced
from functions.shared.logs import Log, fault

Run = Callable[[Mapping[str, Any]], dict[str, Any]]


class WorkError(Exception):
    """A step cannot be done, for a reason that a person can mend; its text says what and how.

    Lambda writes that text into the log and hands it to whoever called: it names nothing that a caller chose.
    """


class UnexpectedError(Exception):
    """A step ended in a way that nobody foresaw; its text names kinds of errors and no more."""


def task(build: Callable[[], tuple[Run, Log]]) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A Lambda handler that logs how each run ended; that it failed goes on to the caller, which decides.

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
        ours, told = isinstance(error, WorkError), fault(error)
        log.line("ERROR", "failed", request_id=request_id, metadata={**told, "why": str(error) if ours else ""})
        if ours:
            raise
        # Texts of others' errors quote what they were given.
        kinds = ", from ".join(told["error"])
        raise UnexpectedError(f"{kinds}; the function's log has the place, in the line of this request") from None
    measured = result.pop("measured", None)
    shown: dict[str, Any] = {name: result[name] for name in ("outcome", "version", "why") if name in result}
    log.line("INFO", "done", request_id=request_id, metadata=shown, metrics=measured)
    return result
