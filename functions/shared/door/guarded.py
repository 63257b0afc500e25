"""The app of a function whose callers are signed in, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from functions.shared.api import App, Operation
from functions.shared.aws.calls import Service
from functions.shared.door.idempotency import Idempotency
from functions.shared.door.origins import Origins
from functions.shared.door.pace import Ledger, Pace, Paced, of_token
from functions.shared.door.requests_table import RequestsTable
from functions.shared.door.windows import Windows
from functions.shared.identity.pool import sessions, verifier
from functions.shared.identity.sessions import SessionMemory
from functions.shared.identity.settings import TokenSettings
from functions.shared.logs import Log

TABLE_TIMEOUT_S = 2.0
COUNT_TIMEOUT_S = 0.2
"""A count that takes longer is better done without."""


class Shared(Ledger, SessionMemory, Protocol):
    """The cache (functions.shared.cache.breaker.Cache)."""


def guarded(
    operations: Mapping[str, Operation],
    log: Log,
    settings: TokenSettings,
    environ: Mapping[str, str],
    memory: Shared | None = None,
) -> App:
    """The app; nothing is opened before it is used.

    Args:
        operations: what stands behind the routes.
        log: where each request gets its line.
        settings: whose tokens count, and what the door lets through.
        environ: the function's environment.
        memory: the cache, where the function has it: callers are counted in it and not in the table, and ended
            sessions looked up.
    """
    origins = Origins(settings.cors_origins)
    idempotency: Idempotency | None = None
    pace: Paced | None = None
    if settings.requests_table:
        service = Service("dynamodb", environ, timeout_s=TABLE_TIMEOUT_S)
        idempotency = Idempotency(RequestsTable(service, settings.requests_table))
    if settings.requests_per_user:
        pace = paced(settings, environ, memory)
    return App(
        operations,
        log,
        verifier(settings, environ),
        origins,
        sessions(settings, environ, memory),
        idempotency,
        pace,
        settings.largest_body_kb * 1024,
        of_token(settings.requests_per_user),
    )


def paced(settings: TokenSettings, environ: Mapping[str, str], memory: Ledger | None) -> Paced | None:
    """What counts people: the cache, else the table of requests, else nothing."""
    rate, burst = settings.requests_per_user, settings.burst_per_user
    if memory is not None:
        return Pace(memory, per_second=rate, burst=burst)
    if not settings.requests_table:
        return None
    service = Service("dynamodb", environ, timeout_s=COUNT_TIMEOUT_S, connect_timeout_s=COUNT_TIMEOUT_S)
    return Windows(RequestsTable(service, settings.requests_table), per_second=rate, burst=burst)
