"""Bodies of the training routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.shared.places import UPLOADS
from functions.shared.schemas import Answer, Body, example


class StartTraining(Body):
    """What to train on: a file of the raw bucket, or without one the newest upload."""

    model_config = example({"key": f"{UPLOADS}customers.csv"})
    key: Annotated[str, Field(pattern=rf"^{UPLOADS}.+\.csv$", max_length=1024)] | None = None


class Training(Answer):
    """A training that has begun."""

    model_config = example(
        {
            "trainingId": "manual-7f1e6c1a8f6c4b8e9c1d2a1b3c4d5e6f",
            "status": "RUNNING",
            "startedAt": "2026-01-31T11:30:00Z",
        }
    )
    training_id: str
    status: Literal["RUNNING"]
    started_at: str
