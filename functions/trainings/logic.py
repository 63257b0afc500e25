"""A training by hand."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Protocol

from functions.shared.errors import ApiError, Detail
from functions.trainings.schemas import StartTraining, Training

LONGEST_KEY = 255


class Starter(Protocol):
    """What runs trainings."""

    def start(self, name: str, given: dict[str, Any]) -> str:
        """Starts one and returns when, or the same start again for the same name and input.

        Raises:
            ApiError: `already_started` where the name belongs to another one.
        """


def start(starter: Starter, body: StartTraining, *, user_id: str, idempotency_key: str | None, new_id: str) -> Training:
    """Starts a training; one for all calls with the same Idempotency-Key of the same user."""
    if idempotency_key is not None and not 1 <= len(idempotency_key) <= LONGEST_KEY:
        raise ApiError("invalid_request", [Detail("Idempotency-Key", f"give 1 to {LONGEST_KEY} characters")])
    ending = sha256(f"{user_id}\n{idempotency_key}".encode()).hexdigest()[:32] if idempotency_key else new_id
    given: dict[str, Any] = {"reason": "manual", "requestedBy": user_id}
    if body.key:
        given["key"] = body.key
    name = f"manual-{ending}"
    return Training(training_id=name, status="RUNNING", started_at=starter.start(name, given))
