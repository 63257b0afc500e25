"""The nodes of one replication group: a Redis each, replicas that follow the primary, and who takes over."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox.processes import Process

ANSWER_S = 5.0
USER = "replication"
"""The role that replicas follow their primary with; its password never leaves the sandbox."""


@dataclass
class Node:
    """One Redis of a group."""

    zone: str
    path: Path
    """Its own socket; clients come by a link that leads to the primary's."""
    port: int = 0
    """Where the other nodes of the group reach it; 0 in a group of one."""
    redis: Process | None = None

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.redis is not None and self.redis.running


def following(host: str, port: int, password: str) -> list[str]:
    """The settings of a replica."""
    return [f"replicaof {host} {port}", f"masteruser {USER}", f"masterauth {password}"]


def sharing(host: str, port: int, password_digest: str) -> list[str]:
    """The settings of every node of a group of several: the others may follow it, and nothing else by that port."""
    return [
        f"bind {host}",
        f"port {port}",
        f"user {USER} on #{password_digest} +psync +replconf +ping",
        # A new replica is served at once, from memory.
        "repl-diskless-sync yes",
        "repl-diskless-sync-delay 0",
    ]


def say(node: Node, token: str | None, *command: str) -> str:
    """Sends a command to a node and gives the first line of its answer; OSError when it does not answer."""
    lines = [["AUTH", token]] if token is not None else []
    answer = ""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as redis:
        redis.settimeout(ANSWER_S)
        redis.connect(str(node.path))
        for words in [*lines, list(command)]:
            parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
            redis.sendall(f"*{len(words)}\r\n{parts}".encode())
            answer = redis.recv(4096).decode(errors="replace")
    return answer


def caught_up(node: Node, token: str | None, limit_s: float) -> bool:
    """Waits until a replica has the primary's data; false when that takes longer."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if "master_link_status:up" in say(node, token, "INFO", "replication"):
                return True
        time.sleep(0.01)
    return False
