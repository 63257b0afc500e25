"""Log lines in the platform's one form: a JSON document each, without a caller's data."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

CORRELATED = re.compile(rb"correlationId=([A-Za-z0-9][A-Za-z0-9._:-]{0,127})(?:[;,]|$)")
"""How an invocation's custom attributes name the request that it is made for."""


def line(
    function: str,
    message: str,
    level: str = "INFO",
    *,
    request_id: str | None = None,
    metadata: dict[str, Any] | None = None,
    out: TextIO | None = None,
) -> None:
    """Writes one line.

    Args:
        function: what runs: preprocess, train, evaluate or serve.
        message: for people.
        level: INFO, WARNING or ERROR.
        request_id: what it is done for; the training job's name by default, which SageMaker tells each container.
        metadata: figures and names.
        out: standard output by default.
    """
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    document = {
        "timestamp": f"{moment}.{nanoseconds // 1_000_000:03d}Z",
        "level": level,
        "requestId": os.environ.get("TRAINING_JOB_NAME", "") if request_id is None else request_id,
        "userId": "",
        "function": function,
        "message": message,
        "metadata": metadata or {},
    }
    print(json.dumps(document, ensure_ascii=False), file=out or sys.stdout, flush=True)


def fault(error: BaseException) -> dict[str, Any]:
    """What a line may hold of an exception: its types and places, not its text, which may quote a caller's row."""
    places = traceback.extract_tb(error.__traceback__)
    return {
        "error": [type(error).__name__, *([type(error.__cause__).__name__] if error.__cause__ else [])],
        "at": [f"{Path(place.filename).name}:{place.lineno} {place.name}" for place in places[-12:]],
    }


def correlated(attributes: bytes) -> str:
    """The id of the request behind an invocation; empty where its attributes name none."""
    found = CORRELATED.search(attributes)
    return "" if found is None else found[1].decode("ascii")
