"""How each part of the platform is asked whether it works: by what callers' requests do, and nothing less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from functions.shared.aws.calls import Service
from functions.shared.aws.endpoint import Endpoint
from functions.shared.cache.opening import cache
from functions.shared.database.connection import Address, Dialer, Limits, PostgreSql
from functions.shared.database.faults import ConnectionLostError, StatementError
from functions.shared.errors import ApiError
from functions.system.health import LIMIT_S, MODEL, Probe
from functions.system.settings import Settings

KEY = "health"
INFERENCE_ID = "health"
"""What captured data calls such a question, so that nobody takes it for a caller's."""
NO_ROW = b'{"instances":[{}]}'
"""A row without features: the model says what is missing, which takes the whole way to it and back."""


class Memory(Protocol):
    """The cache (functions.shared.cache.breaker.Cache)."""

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        """Keeps a value; whether that worked."""


class Sql(Protocol):
    """The database (functions.shared.database.connection.PostgreSql)."""

    def run(self, sql: str, **values: object) -> object:
        """One statement."""


def probes(settings: Settings, environ: Mapping[str, str]) -> dict[str, Probe]:
    """Part → how it is asked; the database where the stack has one."""
    memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ)
    service = Service("sagemaker-runtime", environ, timeout_s=LIMIT_S, connect_timeout_s=LIMIT_S)
    endpoint = Endpoint(service, settings.endpoint_name)
    found = {"cache": of_cache(memory), MODEL: of_model(lambda: endpoint.ask(NO_ROW, INFERENCE_ID))}
    if settings.database_host:
        where = Address(settings.database_host, settings.database_port, settings.database_name, settings.database_user)
        dial = Dialer(where, environ, Limits(connect_s=LIMIT_S, answer_s=LIMIT_S))
        found["database"] = of_database(PostgreSql(dial))
    return found


def of_cache(memory: Memory) -> Probe:
    """The cache keeps what it is given."""
    return lambda: memory.put(KEY, b"1", 60)


def of_model(ask: Callable[[], object]) -> Probe:
    """The endpoint has an answer, were it that it cannot take the row."""

    def probe() -> bool:
        try:
            ask()
        except ApiError as problem:
            if problem.code not in {"model_rejected_input", "throttled"}:
                raise
        return True

    return probe


def of_database(database: Sql) -> Probe:
    """The database runs a statement."""

    def probe() -> bool:
        try:
            database.run("SELECT 1")
        except (ConnectionLostError, StatementError):
            return False
        return True

    return probe
