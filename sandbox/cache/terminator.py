"""TLS in front of a server that has none: one thread, one selector, bytes passed on as they come.

Runs as a script in a process of its own, so that it takes no time from the sandbox's interpreter:
`terminator.py <listening descriptor> <certificate> <key> <path of the server's Unix socket>`.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import sys
from typing import Any

CHUNK = 65536


class Pipe:
    """One direction of a connection: what was read from one side and waits to be written to the other."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source = source
        self.target = target
        self.waiting = b""

    def move(self) -> bool:
        """Passes on what there is; False when the source has closed."""
        while not self.waiting or self.write():
            try:
                self.waiting = self.source.recv(CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
                return True
            if not self.waiting:
                return False
            # What is left in the kernel wakes the selector again, for less than a read that finds nothing; what TLS
            # has unpacked already does not.
            if not (isinstance(self.source, ssl.SSLSocket) and self.source.pending()):
                self.write()
                return True
        return True

    def write(self) -> bool:
        """Writes what waits; whether all of it is gone."""
        try:
            sent = self.target.send(self.waiting)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            return False
        self.waiting = self.waiting[sent:]
        return not self.waiting


class Connection:
    """A client's TLS connection and its own connection to the server."""

    def __init__(self, client: ssl.SSLSocket, path: str) -> None:
        self.client = client
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.connect(path)
        self.server.settimeout(0)
        self.greeted = False
        self.up = Pipe(client, self.server)
        self.down = Pipe(self.server, client)

    def pass_on(self, side: socket.socket) -> bool:
        """Passes on what came where that is all there is to do: nothing waited, and nothing waits after it."""
        pipe = self.up if side is self.client else self.down
        if pipe.waiting or not self.greeted:
            return False
        try:
            pipe.waiting = side.recv(CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
            return True
        if not pipe.waiting or (side is self.client and self.client.pending()):
            return False
        return pipe.write()

    def step(self, side: socket.socket, mask: int) -> bool:
        """Goes on where a side is ready; False when either side is gone."""
        if not self.greeted:
            try:
                self.client.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return True
            self.greeted = True
            return self.up.move()
        away, towards = (self.up, self.down) if side is self.client else (self.down, self.up)
        return (not mask & selectors.EVENT_READ or away.move()) and (not mask & selectors.EVENT_WRITE or towards.move())

    def interest(self) -> tuple[int, int]:
        """The selector events that the client's and the server's sockets wait for."""
        client = server = 0
        if not self.up.waiting:
            client |= selectors.EVENT_READ
        else:
            server |= selectors.EVENT_WRITE
        if not self.down.waiting:
            server |= selectors.EVENT_READ
        else:
            client |= selectors.EVENT_WRITE
        return client, server

    def close(self) -> None:
        """Closes both sides."""
        self.client.close()
        self.server.close()


def accept(listener: socket.socket, context: ssl.SSLContext, path: str) -> Connection | None:
    """The next connection; None when the client has gone or the server cannot be reached."""
    try:
        raw, _ = listener.accept()
    except OSError:
        return None
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.settimeout(0)
    client = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
    try:
        return Connection(client, path)
    except OSError:
        client.close()
        return None


class Server:
    """Accepts connections and moves their bytes."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, path: str) -> None:
        self.listener = listener
        self.context = context
        self.path = path
        self.selector = selectors.DefaultSelector()
        self.events: dict[socket.socket, int] = {}
        listener.settimeout(0)
        self.selector.register(listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serves until the process is ended."""
        while True:
            for key, mask in self.selector.select():
                connection = key.data or accept(self.listener, self.context, self.path)
                # One that an earlier event of the same round has closed has no descriptor any more.
                if connection is not None and connection.client.fileno() >= 0:
                    self.step(connection, key.fileobj, mask)

    def step(self, connection: Connection, side: Any, mask: int) -> None:
        """Goes on with a connection, or ends it."""
        alive = False
        with contextlib.suppress(OSError):
            if mask == selectors.EVENT_READ and connection.pass_on(side):
                return
            alive = connection.step(side, mask)
        if alive:
            client, server = connection.interest()
            self.watch(connection.client, client, connection)
            self.watch(connection.server, server, connection)
        else:
            self.watch(connection.client, 0, connection)
            self.watch(connection.server, 0, connection)
            connection.close()

    def watch(self, side: socket.socket, mask: int, connection: Connection) -> None:
        """Tells the selector only what has changed: a call to the kernel costs more than the comparison."""
        before = self.events.get(side, 0)
        if before == mask:
            return
        self.events.pop(side, None)
        if mask:
            self.events[side] = mask
        if before and not mask:
            self.selector.unregister(side)
        elif mask and not before:
            self.selector.register(side, mask, connection)
        else:
            self.selector.modify(side, mask, connection)


def main(arguments: list[str]) -> None:
    """Reads the arguments and serves."""
    descriptor, certificate, key, path = arguments
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    Server(socket.socket(fileno=int(descriptor)), context, path).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
