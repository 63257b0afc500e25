"""One Redis connection: TLS, a password, and a deadline for each answer.

A whole client library costs a third of a cold start and retries for seconds by default; the cache needs four commands
and, above all, an end to each wait.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Answer = bytes | int | None

LARGEST = 1 << 20
"""No value of ours is larger; an answer that claims to be is wrong."""


class ConnectionLostError(Exception):
    """The connection is of no use any more: refused, reset, too late, or not speaking Redis."""


class ClosedError(ConnectionLostError):
    """The other side closed the connection before a byte of the answer came."""


class RefusedError(Exception):
    """Redis understood the command and refused it; `code` is the first word, such as OOM or READONLY."""

    def __init__(self, text: str) -> None:
        self.code = text.split(" ", 1)[0]
        super().__init__(self.code)


@dataclass(frozen=True)
class Aside:
    """A command that waits for the next one."""

    words: tuple[bytes, ...]
    tell: Callable[[int], None]
    """Takes its answer."""


def written(words: Sequence[bytes]) -> bytes:
    """A command as Redis reads it."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class Connection:
    """Commands and answers over one socket, one at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""
        self._timeout_s = -1.0
        self._patience_s = 0.0
        self.late = False
        """Whether the last answer, or a part of it, was still on its way after a wait of `soon_s`.

        Not by the clock: where an answer has come in time and the process was only late to look, it is there when it
        looks, and nobody is blamed."""

    def call(self, *words: bytes, timeout_s: float, soon_s: float = 0.0, before: Sequence[Aside] = ()) -> Answer:
        """One command, sent together with others that have to go there at some time.

        Args:
            words: the command.
            timeout_s: for all answers together.
            soon_s: a wait longer than this makes the answer `late`; 0 where nobody asks.
            before: what is sent in front of it; a refusal of these is nobody's trouble.

        Raises:
            ConnectionLostError: no whole answer in time; the connection must not be used again.
            RefusedError: Redis said no.
        """
        command = written(words)
        deadline = time.monotonic() + timeout_s
        self.late, self._patience_s = False, soon_s
        try:
            self._wait_at_most(soon_s or timeout_s)
            if before:
                self._sock.sendall(b"".join(written(aside.words) for aside in before) + command)
                for at, aside in enumerate(before):
                    self._hear(aside, deadline, fresh=not at)
                return self._answer(self._line(deadline, fresh=False), deadline)
            self._sock.sendall(command)
            return self._answer(self._line(deadline, fresh=True), deadline)
        except (OSError, ValueError) as error:
            if isinstance(error, (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError)):
                raise ClosedError(type(error).__name__) from error
            raise ConnectionLostError(type(error).__name__) from error

    def close(self) -> None:
        """Ends the connection without waiting for the other side."""
        self._sock.close()

    def _hear(self, aside: Aside, deadline: float, *, fresh: bool) -> None:
        """The answer of a command that was sent in front; a whole number is what its sender waits for."""
        try:
            answer = self._answer(self._line(deadline, fresh=fresh), deadline, last=False)
        except RefusedError:
            return
        if isinstance(answer, int):
            aside.tell(answer)

    def _answer(self, line: bytes, deadline: float, *, last: bool = True) -> Answer:
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            size = int(rest)
            if size == -1:
                found: Answer = None
            elif 0 <= size <= LARGEST:
                found = self._bytes(size, deadline)
            else:
                raise ConnectionLostError("an answer of an impossible size")
        elif kind == b"+":
            found = rest
        elif kind == b":":
            found = int(rest)
        elif kind == b"-":
            self._end(last=last)
            raise RefusedError(rest.decode(errors="replace"))
        else:
            raise ConnectionLostError("not an answer of Redis")
        self._end(last=last)
        return found

    def _end(self, *, last: bool) -> None:
        if last and self._buffer:
            raise ConnectionLostError("more than one answer")

    def _line(self, deadline: float, *, fresh: bool) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > 4096:
                raise ConnectionLostError("a line without an end")
            self._more(deadline, fresh=fresh and not self._buffer)
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _bytes(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size + 2:
            self._more(deadline, fresh=False)
        found, end, self._buffer = self._buffer[:size], self._buffer[size : size + 2], self._buffer[size + 2 :]
        if end != b"\r\n":
            raise ConnectionLostError("an answer without an end")
        return found

    def _more(self, deadline: float, *, fresh: bool) -> None:
        part = self._part(deadline, fresh=fresh)
        if not part:
            raise ClosedError("closed") if fresh else ConnectionLostError("half an answer")
        self._buffer += part

    def _part(self, deadline: float, *, fresh: bool) -> bytes:
        if self._patience_s and not self.late:
            if not fresh:
                self._wait_at_most(min(self._patience_s, remaining(deadline)))
            try:
                return self._sock.recv(65536)
            except TimeoutError:
                self.late = True
        elif fresh:
            return self._sock.recv(65536)
        self._wait_at_most(remaining(deadline))
        return self._sock.recv(65536)

    def _wait_at_most(self, timeout_s: float) -> None:
        """Sets the socket's timeout; the same one again would cost a system call for nothing."""
        if timeout_s != self._timeout_s:
            self._sock.settimeout(timeout_s)
            self._timeout_s = timeout_s


def remaining(deadline: float) -> float:
    """Seconds until a deadline.

    Raises:
        TimeoutError: it has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Dialer:
    """Opens connections; the password is asked for once, and again after it has been refused."""

    def __init__(self, host: str, port: int, *, password: Callable[[], bytes], tls: bool = True) -> None:
        self._host, self._port, self._ask = host, port, password
        self._tls = ssl.create_default_context() if tls else None
        self._password: bytes | None = None

    def prepare(self) -> None:
        """Fetches the password unless it is known.

        Raises:
            ConnectionLostError: it cannot be had.
        """
        if self._password is None:
            self._password = self._ask()

    def __call__(self, timeout_s: float) -> Connection:
        """A connection that is signed in.

        Raises:
            ConnectionLostError, RefusedError: it did not work.
        """
        self.prepare()
        deadline = time.monotonic() + timeout_s
        connection = Connection(self._open(deadline))
        try:
            if password := self._password:
                connection.call(b"AUTH", password, timeout_s=remaining(deadline))
        except RefusedError:
            # Rotated, perhaps: the next connection asks for the password again.
            self._password = None
            connection.close()
            raise
        except (ConnectionLostError, TimeoutError) as error:
            connection.close()
            raise ConnectionLostError("AUTH") from error
        return connection

    def _open(self, deadline: float) -> socket.socket:
        sock = self._connected(deadline)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(remaining(deadline))
            return self._tls.wrap_socket(sock, server_hostname=self._host) if self._tls else sock
        except (OSError, ValueError) as error:
            sock.close()
            raise ConnectionLostError(type(error).__name__) from error

    def _connected(self, deadline: float) -> socket.socket:
        """The first address that takes the connection; the deadline is for all of them together."""
        trouble: OSError | None = None
        try:
            for family, kind, protocol, _, address in socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM
            ):
                sock = socket.socket(family, kind, protocol)
                try:
                    sock.settimeout(remaining(deadline))
                    sock.connect(address)
                except OSError as error:
                    sock.close()
                    trouble = error
                else:
                    return sock
        except OSError as error:
            trouble = error
        raise ConnectionLostError(type(trouble).__name__) from trouble
