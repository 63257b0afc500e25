"""What the callbacks function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Record, queue and keys of callbacks."""

    batches_table: str
    """Table of batches."""
    queue_url: str
    """Queue of callbacks."""
    secret_arn: str
    """Secret with the keys that callbacks are signed by."""
    tries: int = 8
    """How often a callback is tried before it goes to the dead-letter queue."""
    first_wait_s: int = 30
    """Wait after the first try; it doubles with each one."""
    connect_timeout_ms: int = 5000
    """Longest wait for a connection, its TLS included."""
    answer_timeout_ms: int = 10000
    """Longest wait for an answer from then on."""
