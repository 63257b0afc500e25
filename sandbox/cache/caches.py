"""Real Redis for each declared cache: token, TLS and memory limit as declared, on 127.0.0.1 only."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.cache import certificates, tokens
from sandbox.cache.certificates import Certificates
from sandbox.cache.group import START_S, Group, Settings
from sandbox.cache.tokens import TokenError
from sandbox.cloud import HOST, Cloud
from sandbox.ledger import Ledger
from sandbox.processes import Processes


class Caches:
    """All caches of one sandbox. Data lives in memory only and is gone after `kill()`, as with a lost node."""

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.cloud = cloud
        self.directory = directory.resolve()
        self._processes = Processes(self.directory)
        self._caches: dict[tuple[str, str], Group] = {}
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
        zones: Sequence[str] = ("",),
        failover: bool = False,
    ) -> tuple[str, int]:
        """Starts a Redis and gives its host and port when it answers.

        Args:
            auth_token: what clients must send by AUTH; ElastiCache allows one only with transit encryption.
            name: the replication group's id; names the logs.
            region: where it is declared; ids may be equal in two regions.
            tls: transit encryption as declared.
            memory_mb: the memory of the node type, as far as this machine should give it.
            policy: what is evicted when it is full; the default is ElastiCache's.
            zones: the availability zone of each node, the primary's first; several need transit encryption here.
            failover: whether a replica takes over when the primary is lost.
        """
        if (name, region) in self._caches:
            raise ValueError(f"cache {name!r} exists already; choose another replication group id")
        if auth_token is not None and not tls:
            raise ValueError(f"cache {name!r} has an auth token without transit encryption; enable the encryption")
        if len(zones) > 1 and not tls:
            raise ValueError(f"cache {name!r} has replicas without transit encryption; enable the encryption")
        settings = Settings(name, region, tls, memory_mb, policy, zones, failover)
        known = [] if auth_token is None else [auth_token]
        cache = Group(settings, known, self._processes, self._sockets, lambda: self.ca_file.parent)
        cache.start()
        self._caches[name, region] = cache
        return HOST, cache.port

    def change_token(self, name: str, region: str, token: str, strategy: str) -> None:
        """Lets clients sign in with a token: ROTATE beside the last one, SET instead of all others.

        Raises:
            TokenError: there is no such cache, it has no encryption, or it does not run.
        """
        # Groups of two regions may have equal names, and each has a token of its own.
        cache = self._caches.get((name, region))
        if cache is None:
            raise TokenError(f"no replication group {name!r} in {region}")
        if not cache.settings.tls:
            raise TokenError(f"replication group {name!r} has no encryption in transit; a token needs it")
        changed = tokens.after(cache.tokens, token, strategy)
        for node in cache.nodes:
            # A token is no data: it is not replicated.
            if node.running or node is cache.nodes[cache.primary]:
                tokens.tell(node.path, cache.tokens, changed)
        cache.tokens = changed

    def kill(self, name: str | None = None, region: str | None = None) -> None:
        """Ends a cache at once, data included: connections break and new ones are refused."""
        self._find(name, region).kill()

    def restart(self, name: str | None = None, region: str | None = None) -> None:
        """Starts a killed cache again, empty, on the same port."""
        self.kill(name, region)
        self._find(name, region).start()

    def lose(self, region: str) -> None:
        """Ends every cache of a region, data included."""
        for cache in self._of(region):
            cache.kill()

    def recover(self, region: str) -> None:
        """Starts the caches of a lost region again, empty, on their ports."""
        for cache in self._of(region):
            cache.kill()
            cache.start()

    def lose_zone(self, zone: str) -> list[str]:
        """Ends every node in a zone, data included; gives the groups whose primary was there and has no successor."""
        orphans = []
        for cache in self._caches.values():
            for node in cache.nodes:
                if node.zone == zone and node.redis is not None:
                    node.redis.kill()
                    node.redis.wait(START_S)
            if not cache.nodes[cache.primary].running and not cache.fail_over():
                orphans.append(cache.settings.name)
        return orphans

    def recover_zone(self, zone: str) -> None:
        """Starts what a zone had again: as replicas where another node took over, empty where none did."""
        for cache in self._caches.values():
            for number, node in enumerate(cache.nodes):
                if node.zone == zone and not node.running:
                    if number == cache.primary:
                        cache.kill()
                        cache.start()
                    else:
                        cache.follow(node)

    def roles(self, name: str, region: str = "") -> list[tuple[str, bool, bool]]:
        """Zone of each node of a group, whether it runs, and whether it is the primary."""
        cache = self._find(name, region or None)
        return [(node.zone, node.running, number == cache.primary) for number, node in enumerate(cache.nodes)]

    def pause(self, name: str | None = None, region: str | None = None) -> None:
        """Stops a cache from answering; connections stay open."""
        self._signal(name, region, signal.SIGSTOP)

    def resume(self, name: str | None = None, region: str | None = None) -> None:
        """Lets a paused cache answer again."""
        self._signal(name, region, signal.SIGCONT)

    def close(self) -> None:
        """Ends every cache."""
        self._processes.close()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def _of(self, region: str) -> list[Group]:
        return [cache for cache in self._caches.values() if cache.settings.region == region]

    def _find(self, name: str | None, region: str | None) -> Group:
        """The one that is meant; None stands for any name or region."""
        found = [
            cache for (known, where), cache in self._caches.items() if name in {None, known} and region in {None, where}
        ]
        if len(found) != 1:
            names = ", ".join(cache.settings.label for cache in self._caches.values()) or "none"
            raise LookupError(f"no cache {name!r} in {region or 'any region'}, or several; there are {names}")
        return found[0]

    def _signal(self, name: str | None, region: str | None, number: signal.Signals) -> None:
        redis = self._find(name, region).redis
        if redis is not None:
            redis.signal(number)
