"""A training by hand."""

from __future__ import annotations

from typing import Any, Protocol

from functions.trainings.schemas import StartTraining, Training


class Starter(Protocol):
    """What runs trainings."""

    def start(self, name: str, given: dict[str, Any]) -> str:
        """Starts one and returns when, or the same start again for the same name and input.

        Raises:
            ApiError: `already_started` where the name belongs to another one.
        """


def start(starter: Starter, body: StartTraining, *, user_id: str, new_id: str) -> Training:
    """Starts a training; one for all calls with the same id, however often they are made."""
    given: dict[str, Any] = {"reason": "manual", "requestedBy": user_id}
    if body.key:
        given["key"] = body.key
    name = f"manual-{new_id.replace('-', '')}"
    return Training(training_id=name, status="RUNNING", started_at=starter.start(name, given))
