"""Serves a model over HTTP: `python -m training.server`; `/ping` and `/invocations` as SageMaker asks for them.

One process and one event loop: a row takes microseconds, less than handing it to a thread. The model's folder comes
from `SM_MODEL_DIR` and the port from `SAGEMAKER_BIND_TO_PORT`; it listens on this machine only unless told otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import importlib.util
import os
import signal
import sys
import time
from http import HTTPStatus

from training.connection import Connection, Headers, Page, Pool, error_body
from training.problems import JobError
from training.serve import JSON, BadRequestError, Model, input_fn, model_fn, output_fn, predict_fn
from training.watched.counts import Counts
from training.watched.lines import correlated, fault, line

PATHS = "GET /ping, POST /invocations, GET /metrics"
IDLE_S = 120.0
"""Connections without a request for so long are closed."""

GRACE_S = 10.0
"""After SIGTERM, requests that have begun get so long to arrive completely."""


class Service:
    """Answers requests by one model."""

    def __init__(self, model: Model) -> None:
        self.model, self.counts = model, Counts(model.version)

    def answer(self, method: str, path: bytes, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """Status and body for a request."""
        if path == b"/invocations" and method == "POST":
            return self.counted(body, headers)
        if path == b"/ping" and method == "GET":
            return 200, b"{}"
        if path == b"/metrics" and method == "GET":
            return 200, Page(self.counts.text().encode())
        if path in {b"/ping", b"/invocations", b"/metrics"}:
            return HTTPStatus.METHOD_NOT_ALLOWED.value, error_body(f"{method} is not allowed; allowed: {PATHS}")
        return HTTPStatus.NOT_FOUND.value, error_body(f"no such path; allowed: {PATHS}")

    def counted(self, body: bytes, headers: Headers) -> tuple[int, bytes]:
        """Status and JSON body for an invocation, which is counted; one that is made for a request has its line."""
        began = time.perf_counter()
        status, answer = self.invoke(body, headers)
        took_s = time.perf_counter() - began
        self.counts.answered(status, took_s)
        attributes = headers.get(b"x-amzn-sagemaker-custom-attributes")
        request_id = correlated(attributes) if attributes else ""
        if request_id:
            told = {"status": status, "ms": round(took_s * 1000, 3), "modelVersion": self.model.version}
            good = status < HTTPStatus.BAD_REQUEST
            level = "INFO" if good else "ERROR" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "WARNING"
            line("serve", "answered" if good else "refused", level, request_id=request_id, metadata=told)
        return status, answer

    def invoke(self, body: bytes, headers: Headers) -> tuple[int, bytes]:
        """Status and JSON body for an invocation."""
        content_type, accept = headers.get(b"content-type"), headers.get(b"accept")
        try:
            data = input_fn(body, content_type.decode("latin-1") if content_type else JSON)
            prediction = predict_fn(data, self.model)
            answers = prediction["predictions"]
            self.counts.predicted(len(answers), sum("errors" in answer for answer in answers))
            return 200, output_fn(prediction, accept.decode("latin-1") if accept else JSON).encode()
        except BadRequestError as error:
            return error.status.value, error_body(str(error))
        except Exception as error:  # noqa: BLE001 - a defect in one request must not take down the server of the others
            line("serve", "failed", "ERROR", metadata=fault(error))
            return HTTPStatus.INTERNAL_SERVER_ERROR.value, error_body("the prediction failed; see the server's log")


async def serve(service: Service, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then answers what has begun."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    pool = Pool()

    def sweep() -> None:
        pool.close_unused(time.monotonic() - IDLE_S)
        loop.call_later(IDLE_S / 4, sweep)

    server = await loop.create_server(lambda: Connection(service.answer, pool), host, port, backlog=1024)
    sweep()
    line("serve", f"serving model {service.model.version} on {host}:{port}")
    await stopped.wait()
    server.close()
    pool.end()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(pool.drained.wait(), GRACE_S)


def main(arguments: list[str] | None = None) -> int:
    """Runs the server; 0 after a signal, 1 when the model cannot be loaded or the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m training.server", description=__doc__)
    parser.add_argument("--model", default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("uvloop"):
        asyncio.set_event_loop_policy(importlib.import_module("uvloop").EventLoopPolicy())
    try:
        service = Service(model_fn(options.model))
        gc.collect()
        gc.freeze()  # what is loaded stays; looking through it again and again would only delay answers
        asyncio.run(serve(service, options.host, options.port))
    except JobError as error:
        line("serve", f"server failed: {error}", "ERROR", out=sys.stderr)
        return 1
    except OSError as error:
        message = f"server failed: {options.host}:{options.port}: {error}; name a free port"
        line("serve", message, "ERROR", out=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
