"""Data capture: what went into an endpoint and came out, as JSON lines below the declared S3 prefix."""

from __future__ import annotations

import base64
import json
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sandbox.containers.endpoints.server import Answer
from sandbox.containers.storage import JobError, parse_uri

LOG = logging.getLogger(__name__)
MAX_LINES = 10_000
"""Lines that may wait for the next write; with S3 gone, later ones are left out instead of filling the memory."""


class Capture:
    """Collects records per variant and writes them every few seconds."""

    def __init__(self, client: Any, endpoint: str, config: Mapping[str, Any], every_s: float = 2.0) -> None:
        self._client = client
        self._endpoint = endpoint
        self._uri = str(config["DestinationS3Uri"]).rstrip("/")
        self._share = int(config.get("InitialSamplingPercentage", 100))
        modes = {str(option["CaptureMode"]) for option in config.get("CaptureOptions") or []}
        both = "InputAndOutput" in modes
        self._input = both or "Input" in modes
        self._output = both or "Output" in modes
        self._types: Mapping[str, list[str]] = config.get("CaptureContentTypeHeader") or {}
        self._lines: dict[str, list[str]] = {}
        self._count = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(every_s,), name=f"capture-{endpoint}", daemon=True)
        self._thread.start()

    def add(self, variant: str, request: bytes, content_type: str, answer: Answer, meta: Mapping[str, str]) -> None:
        """Notes one call, or not, by the declared share.

        Args:
            variant: who answered.
            request: the body.
            content_type: of the request.
            answer: what came back.
            meta: `inferenceId` and `customAttributes` where the caller gave them.
        """
        if random.random() * 100 >= self._share:
            return
        data: dict[str, Any] = {}
        if self._input:
            data["endpointInput"] = self._part("INPUT", request, content_type)
        if self._output:
            data["endpointOutput"] = self._part("OUTPUT", answer.body, answer.content_type)
        happened = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {
            "captureData": data,
            "eventMetadata": {"eventId": str(uuid.uuid4()), **meta, "inferenceTime": happened},
            "eventVersion": "0",
        }
        with self._lock:
            if self._count < MAX_LINES:
                self._lines.setdefault(variant, []).append(json.dumps(record))
                self._count += 1

    def flush(self) -> None:
        """Writes what waits, one object a variant."""
        with self._lock:
            waiting, self._lines, self._count = self._lines, {}, 0
        for variant, lines in waiting.items():
            now = datetime.now(timezone.utc)
            name = f"{now:%M-%S}-{now.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
            try:
                bucket, prefix = parse_uri(f"{self._uri}/{self._endpoint}/{variant}/{now:%Y/%m/%d/%H}/{name}")
                self._client.put_object(Bucket=bucket, Key=prefix, Body=("\n".join(lines) + "\n").encode())
            except (JobError, OSError, self._client.exceptions.ClientError) as error:
                LOG.warning(
                    "data capture of endpoint %s: %d records not written: %s", self._endpoint, len(lines), error
                )

    def close(self) -> None:
        """Writes the rest and ends."""
        self._stop.set()
        self._thread.join(10)

    def _part(self, mode: str, body: bytes, content_type: str) -> dict[str, str]:
        kind = content_type.partition(";")[0].strip().lower()
        for encoding, name in (("JSON", "JsonContentTypes"), ("CSV", "CsvContentTypes")):
            if kind in [entry.lower() for entry in self._types.get(name) or []]:
                return {
                    "observedContentType": content_type,
                    "mode": mode,
                    "data": body.decode(errors="replace"),
                    "encoding": encoding,
                }
        text = base64.b64encode(body).decode()
        return {"observedContentType": content_type, "mode": mode, "data": text, "encoding": "BASE64"}

    def _run(self, every_s: float) -> None:
        last = False
        while not last:
            last = self._stop.wait(every_s)
            self.flush()


def wanted(config: Mapping[str, Any] | None) -> bool:
    """Whether an endpoint configuration asks for capture."""
    return bool(config) and bool((config or {}).get("EnableCapture", True)) and "DestinationS3Uri" in (config or {})
