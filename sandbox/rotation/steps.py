"""The steps of one rotation, until one fails."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.lambdas.plan import FunctionError

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def labelled(secret: Any, label: str) -> str | None:
    """The version of one of moto's secrets that has a label."""
    return next((version for version, row in secret.versions.items() if label in row["version_stages"]), None)


@dataclass(frozen=True)
class Steps:
    """One version of one secret on its way."""

    functions: Any
    secret: Any
    version: str
    function: str

    def run(self, steps: Sequence[str]) -> str:
        """Runs them in order; what went wrong, or nothing. A failure leaves every label where it is."""
        for step in steps:
            problem = self._step(step)
            if problem:
                return f"{step}: {problem}"
        if steps == STEPS:
            if labelled(self.secret, "AWSCURRENT") != self.version:
                return f"finishSecret: the function ended well, but AWSCURRENT is not at {self.version}"
            self.secret.last_rotation_date = int(time.time())
        return ""

    def _step(self, step: str) -> str:
        event = {"Step": step, "SecretId": self.secret.arn, "ClientRequestToken": self.version}
        try:
            result = self.functions.invoke_sync(self.function, json.dumps(event).encode())
        except (FunctionError, ValueError) as error:
            return str(error)
        if not result.error:
            return ""
        try:
            return str(json.loads(result.payload).get("errorMessage") or result.error)
        except (ValueError, AttributeError):
            return str(result.error)
