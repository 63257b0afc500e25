"""The X-Ray daemon: takes datagrams of functions on this machine."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from sandbox.cloud import HOST

LOG = logging.getLogger(__name__)
_LARGEST: Final = 65_536
_END: Final = b"end"

Take = Callable[[dict[str, Any]], None]


class Daemon:
    """Listens on a port of its own until it is closed; a datagram that is no document is told in the log."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.address = f"{HOST}:{self._socket.getsockname()[1]}"
        """What `AWS_XRAY_DAEMON_ADDRESS` says."""
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="x-ray daemon", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, and closes the port."""
        if self._closing:
            return
        self._closing = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(_END, self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        while not self._closing:
            self._one(self._socket.recv(_LARGEST))

    def _one(self, datagram: bytes) -> None:
        head, _, body = datagram.partition(b"\n")
        if self._closing and datagram == _END:
            return
        try:
            self._take(read(head, body))
        except (ValueError, AttributeError, TypeError) as error:
            LOG.warning("a datagram for X-Ray was no document: %s", error)


def read(head: bytes, body: bytes) -> dict[str, Any]:
    """The document of a datagram; ValueError for a form that the daemon does not take."""
    form = json.loads(head)
    if form != {"format": "json", "version": 1}:
        raise ValueError(f"header {form!r}; allowed: format json, version 1")
    return dict(json.loads(body))
