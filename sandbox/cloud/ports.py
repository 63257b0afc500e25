"""Listening sockets on 127.0.0.1."""

from __future__ import annotations

import errno
import socket

HOST = "127.0.0.1"


class PortInUseError(RuntimeError):
    """Another program listens on the port that was asked for."""


def listen(port: int, option: str) -> socket.socket:
    """A listening socket on 127.0.0.1 (port 0: any free one); `option` is the option that errors name."""
    if not 0 <= port <= 65535:
        raise ValueError(f"{option} {port} is not a port; take one from 1 to 65535, or 0 for any free port")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What a listening socket has, accepted ones inherit: without it each small answer waits 40 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} on {HOST} is in use; end the program that holds it or choose another with {option}",
            ) from error
        if error.errno == errno.EACCES:
            raise PortInUseError(
                f"port {port} needs rights that you lack; choose one above 1023 with {option}"
            ) from error
        raise
    return listener
