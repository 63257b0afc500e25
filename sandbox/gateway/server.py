"""Serves the gateway by HTTP/1.1 on 127.0.0.1, on the event loop that the functions answer on."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
from typing import Any

import uvicorn

from sandbox.cloud import HOST, listen
from sandbox.lambdas.loop import LoopThread

START_S = 10.0


class Server:
    """One listening port.

    Args:
        application: what `sandbox.gateway.app` made.
        edge: the functions' loop (`Functions.edge`), so that no call changes its thread.
        port: 0 takes any free one.
        listener: a socket that listens already, in place of the port.
    """

    def __init__(
        self,
        application: Any,
        edge: LoopThread,
        port: int = 8080,
        listener: socket.socket | None = None,
    ) -> None:
        listener = listener or listen(port, "--port")
        self.port: int = listener.getsockname()[1]
        self._edge = edge
        fast = importlib.util.find_spec("httptools") is not None
        config = uvicorn.Config(
            application,
            http="httptools" if fast else "h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            # A caller on this machine must not choose its own address by a header.
            proxy_headers=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.run_coroutine_threadsafe(self._server.serve([listener]), edge.loop)
        edge.run(self._started(), START_S)

    @property
    def url(self) -> str:
        """The address below which the stages are."""
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """Stops listening; requests that are being answered get one second."""
        self._server.should_exit = True
        self._task.result(START_S)

    async def _started(self) -> None:
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.001)
