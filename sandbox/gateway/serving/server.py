"""Serves the gateway by HTTP/1.1 on 127.0.0.1, on the event loop that the functions answer on."""

from __future__ import annotations

import asyncio
import socket

from sandbox.cloud import HOST, listen
from sandbox.gateway.serving.connection import Application, Connection
from sandbox.lambdas.loop import LoopThread

START_S = 10.0
QUIET_S = 60.0
"""A connection on which nothing came for so long, or up to twice as long, is closed."""
GRACE_S = 1.0
"""What requests that are being answered get at the end."""


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
        application: Application,
        edge: LoopThread,
        port: int = 8080,
        listener: socket.socket | None = None,
    ) -> None:
        self._listener = listener or listen(port, "--port")
        self.port: int = self._listener.getsockname()[1]
        self._edge = edge
        self._open: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._server = edge.run(self._serve(application), START_S)

    @property
    def url(self) -> str:
        """The address below which the stages are."""
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """Stops listening; requests that are being answered get one second."""
        self._edge.run(self._end(), START_S)

    async def _serve(self, application: Application) -> asyncio.Server:
        loop = self._edge.loop
        self._timer = loop.call_later(QUIET_S, self._look)
        return await loop.create_server(lambda: Connection(application, self._open, loop), sock=self._listener)

    def _look(self) -> None:
        """Closes connections that nobody uses: one timer for all costs a request nothing."""
        for connection in list(self._open):
            if connection.idle and not connection.heard:
                connection.finish()
            connection.heard = False
        self._timer = self._edge.loop.call_later(QUIET_S, self._look)

    async def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._server.close()
        self._listener.close()
        for connection in list(self._open):
            connection.finish()
        if self._open:
            await asyncio.wait([connection.gone for connection in self._open], timeout=GRACE_S)
        for connection in list(self._open):
            connection.abort()
