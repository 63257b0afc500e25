"""Serves a model over HTTP: `python -m training.server`; `/ping` and `/invocations` as SageMaker asks for them.

One process and one event loop: a row takes microseconds, less than handing it to a thread. The model's folder comes
from `SM_MODEL_DIR` and the port from `SAGEMAKER_BIND_TO_PORT`; it listens on this machine only unless told otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from training.problems import JobError
from training.serve import JSON, BadRequestError, Model, input_fn, model_fn, output_fn, predict_fn

LARGEST_BODY = 6 * 1024 * 1024
"""As much as the framework container takes."""

LARGEST_DISCARDED = 64 * 1024 * 1024
"""A body beyond this is not even read to its end."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_JSON_HEADER = (b"content-type", JSON.encode())


class Server:
    """The ASGI application over one model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        path, method = scope["path"], scope["method"]
        if path == "/invocations" and method == "POST":
            headers = dict(scope["headers"])
            body = await _body(receive)
            if body is None:
                message = f"the body is larger than {LARGEST_BODY} bytes; send fewer instances at once"
                await _send(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error(message), close=True)
                return
            status, text = self.answer(body, headers)
            await _send(send, status, text)
        elif path == "/ping" and method == "GET":
            await _send(send, HTTPStatus.OK, b"{}")
        elif path in {"/ping", "/invocations"}:
            await _send(send, HTTPStatus.METHOD_NOT_ALLOWED, _error(f"{method} is not allowed for {path}"))
        else:
            await _send(send, HTTPStatus.NOT_FOUND, _error("no such path; allowed: GET /ping, POST /invocations"))

    def answer(self, body: bytes, headers: MutableMapping[bytes, bytes]) -> tuple[int, bytes]:
        """Status and body for an invocation."""
        content_type, accept = headers.get(b"content-type"), headers.get(b"accept")
        try:
            data = input_fn(body, content_type.decode("latin-1") if content_type else JSON)
            prediction = predict_fn(data, self.model)
            return HTTPStatus.OK, output_fn(prediction, accept.decode("latin-1") if accept else JSON).encode()
        except BadRequestError as error:
            return error.status, _error(str(error))


async def _lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is too large.

    What is too large is still read, up to a limit: a caller that is cut off while it sends never sees the answer.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= LARGEST_BODY else None
    pieces, size = [body], len(body)
    while message.get("more_body") and size <= LARGEST_DISCARDED:
        message = await receive()
        piece = message.get("body", b"")
        size += len(piece)
        if size <= LARGEST_BODY:
            pieces.append(piece)
    return b"".join(pieces) if size <= LARGEST_BODY else None


async def _send(send: Send, status: int, body: bytes, *, close: bool = False) -> None:
    headers = [_JSON_HEADER, (b"content-length", str(len(body)).encode())]
    if close:  # the rest of the body may not have been read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _error(message: str) -> bytes:
    return json.dumps({"error": message}, ensure_ascii=False).encode("utf-8", "replace")


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT, then finishes what it has begun; 1 when the model cannot be loaded."""
    import uvicorn

    parser = argparse.ArgumentParser(prog="python -m training.server", description=__doc__)
    parser.add_argument("--model", default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))
    options = parser.parse_args(arguments)
    try:
        model = model_fn(options.model)
    except JobError as error:
        print(f"server failed: {error}", file=sys.stderr, flush=True)
        return 1
    config = uvicorn.Config(
        Server(model),
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    print(f"serving model {model.version} on {options.host}:{options.port}", flush=True)
    uvicorn.Server(config).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
