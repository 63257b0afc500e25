"""One POST to an address that a caller chose: nothing but its status comes back.

The name is resolved once; the addresses that come out are checked and connected to, so that a second answer of the
resolver cannot lead elsewhere. Redirects are not followed, and an answer is read up to its first line.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from functions.shared.batches.outward import HTTPS_PORT, RefusedError, Target, public, target

MOST_READ: Final = 4096
"""Bytes of an answer; its first line is in them, or it is none."""
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")

Resolve = Callable[[str], Sequence[str]]
"""Host → its addresses; OSError where there are none."""
Connect = Callable[[str, float], socket.socket]
"""Address and longest wait → a connection to its port 443; OSError where there is none."""


class FailedError(Exception):
    """The other side cannot be reached, or answers no HTTP; another try may do."""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Sends callbacks."""

    connect_timeout_s: float = 5.0
    answer_timeout_s: float = 10.0
    resolve: Resolve
    connect: Connect
    context: ssl.SSLContext
    clock: Callable[[], float] = time.monotonic

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer.

        Raises:
            RefusedError: it may not go there.
            FailedError: there was no answer.
        """
        where = target(url)
        address = self._address(where.host)
        try:
            with closing(self._connected(where.host, address)) as connection:
                until = self.clock() + self.answer_timeout_s
                connection.settimeout(self.answer_timeout_s)
                connection.sendall(request(where, headers, body))
                return self._status(connection, until)
        except OSError as error:
            raise FailedError(type(error).__name__) from error

    def _address(self, host: str) -> str:
        """The one address that is connected to; a name with any inside this network is none to call."""
        try:
            found = list(self.resolve(host))
        except (OSError, UnicodeError) as error:
            raise FailedError("the name has no address") from error
        if not found:
            raise FailedError("the name has no address")
        if not all(public(address) for address in found):
            raise RefusedError("the name leads to an address that is not one of the public internet")
        return found[0]

    def _connected(self, host: str, address: str) -> ssl.SSLSocket:
        plain = self.connect(address, self.connect_timeout_s)
        try:
            plain.settimeout(self.connect_timeout_s)
            return self.context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def _status(self, connection: ssl.SSLSocket, until: float) -> int:
        answer = b""
        while b"\n" not in answer and len(answer) < MOST_READ:
            left = until - self.clock()
            if left <= 0:
                raise FailedError("no answer in time")
            # A wait of its own for each part would let a byte now and then hold the function for hours.
            connection.settimeout(left)
            part = connection.recv(MOST_READ - len(answer))
            if not part:
                break
            answer += part
        found = _STATUS.match(answer)
        if found is None:
            raise FailedError("the answer is not HTTP")
        return int(found[1])


def request(where: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request."""
    host = f"[{where.host}]" if ":" in where.host else where.host
    lines = {
        "Host": host,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "mlplatform-callbacks/1",
        "Accept": "*/*",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {where.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def resolved(host: str) -> list[str]:
    """The addresses of a host, by the system's resolver."""
    found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    # Functions have no IPv6 outside a network of ours: what can be reached comes first.
    rows = sorted(found, key=lambda row: row[0] != socket.AF_INET)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def connected(address: str, timeout_s: float) -> socket.socket:
    """A connection to an address, which is no name: nothing is resolved here."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout_s)
        made.connect((address, HTTPS_PORT))
    except BaseException:
        made.close()
        raise
    return made
