"""What batch predictions measure: batches, transforms, callbacks, and messages that are stuck or dead."""

from __future__ import annotations

from typing import Final

from components.function import Function
from components.ml_batches.queues import WorkQueue
from components.values import Alarm, Widget, measured

_SECTION: Final = "Batches"
_LATE_S: Final = 3600


def alarms(work: WorkQueue, callbacks: WorkQueue, worker: Function) -> list[Alarm]:
    """A dead message is a batch that nobody works on, or a caller who was not told."""
    return [
        Alarm(
            name="batches-dead",
            metric=work.died(),
            threshold=0,
            description="a message of a batch failed again and again, and nobody works on it any more",
            runbook="batches-stuck",
            severity="critical",
        ),
        Alarm(
            name="batches-late",
            metric=work.age(),
            threshold=_LATE_S,
            description="a message of a batch is an hour old: more come than are worked on",
            runbook="batches-stuck",
        ),
        Alarm(
            name="batches-failed",
            metric=measured(worker.function_name, "BatchesFailed", "failed"),
            threshold=0,
            description="a batch ended without an answer to each of its rows",
            runbook="batches-failed",
            event=True,
        ),
        Alarm(
            name="callbacks-dead",
            metric=callbacks.died(),
            threshold=0,
            description="a caller was not told of the end of a batch, after an hour of tries",
            runbook="callbacks-lost",
        ),
        Alarm(
            name="callbacks-late",
            metric=callbacks.age(),
            threshold=2 * _LATE_S,
            description="a caller has not been told of the end of a batch for two hours: messages wait for a sender",
            runbook="callbacks-lost",
        ),
    ]


def widgets(work: WorkQueue, callbacks: WorkQueue, worker: Function, teller: Function) -> list[Widget]:
    """Ends of batches, transforms at once, messages, callbacks."""
    return [
        Widget(
            title="Batches: how they ended",
            section=_SECTION,
            metrics=[
                measured(worker.function_name, "BatchesCompleted", "completed"),
                measured(worker.function_name, "BatchesFailed", "failed"),
                measured(worker.function_name, "TransformsRunning", "transforms at once", "Maximum"),
            ],
            y_label="in five minutes",
        ),
        Widget(
            title="Batches: messages",
            section=_SECTION,
            metrics=[work.waiting(), work.died(), callbacks.waiting(), callbacks.died()],
            y_label="messages",
        ),
        Widget(
            title="Batches: oldest message",
            section=_SECTION,
            metrics=[work.age(), callbacks.age()],
            y_label="s",
            marks={"alarm: late": _LATE_S},
        ),
        Widget(
            title="Batches: callbacks",
            section=_SECTION,
            metrics=[
                measured(teller.function_name, "CallbacksDelivered", "delivered"),
                measured(teller.function_name, "CallbacksRefused", "refused"),
            ],
            y_label="in five minutes",
        ),
    ]
