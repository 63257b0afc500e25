"""An app whose callers a test pool signs for, and what it answers and logs."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.shared.api import App, Operation, answer
from functions.shared.door.idempotency import Idempotency
from functions.shared.door.origins import Origins
from functions.shared.identity.tokens import Verifier
from functions.shared.logs import Log
from tests.functions.support.calls import event
from tests.functions.support.requests import KeptRequests
from tests.functions.support.tokens import Pool

POOL = Pool()


@dataclass
class Answer:
    """What a caller got."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def fields(self) -> dict[str, str]:
        return {detail["field"]: detail["message"] for detail in self.body["error"]["details"]}


@dataclass
class Client:
    """Calls operations as API Gateway does."""

    operations: Mapping[str, Operation]
    metrics: Mapping[str, str] = field(default_factory=dict)
    log: io.StringIO = field(default_factory=io.StringIO)

    kept: KeptRequests = field(default_factory=KeptRequests)
    """Answers by Idempotency-Key."""

    def __post_init__(self) -> None:
        verifier = Verifier([POOL.trusted()])
        log = Log("mlplatform-test-function", metrics=self.metrics, out=self.log)
        origins = Origins("https://app.example.org")
        self.app = App(self.operations, log, verifier, origins, idempotency=Idempotency(self.kept))

    def call(self, method: str, resource: str, *, groups: list[str] | None = None, **more: Any) -> Answer:
        """A signed-in call; `token=None` for one that is not."""
        more.setdefault("token", POOL.token(groups=groups))
        found = answer(self.app, event(method, resource, **more), time.perf_counter())
        return Answer(found["statusCode"], found["headers"], json.loads(found["body"] or "null"))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]
