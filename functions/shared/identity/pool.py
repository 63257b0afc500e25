"""The verifier of a function's callers, from its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.calls import Service, endpoint_of, fetch
from functions.shared.identity.keys import Keys
from functions.shared.identity.sessions import EndedSessions, SessionMemory, SessionsTable
from functions.shared.identity.settings import TokenSettings
from functions.shared.identity.tokens import Issuer, Verifier
from functions.shared.settings import SettingsError

FETCH_TIMEOUT_S = 3
SESSION_TIMEOUT_S = 0.5
"""A table answers in 10 ms; a call that waits for longer than this is better answered without it."""


def verifier(settings: TokenSettings, environ: Mapping[str, str]) -> Verifier:
    """Checks access tokens of the pools and app clients that the settings name.

    Raises:
        SettingsError: a setting has another form than its description says.
    """
    known = documents(settings.jwks)
    return Verifier(
        issuer(pool_id, clients, known.get(pool_id), environ) for pool_id, clients in pools(settings).items()
    )


def sessions(
    settings: TokenSettings, environ: Mapping[str, str], memory: SessionMemory | None = None
) -> EndedSessions | None:
    """Tells whose session was ended; None where no table keeps sessions.

    A cache (`memory`) is for a function that must go on when neither it nor the table answers.
    """
    if not settings.sessions_table:
        return None
    service = Service("dynamodb", environ, timeout_s=SESSION_TIMEOUT_S, connect_timeout_s=SESSION_TIMEOUT_S)
    return EndedSessions(SessionsTable(service, settings.sessions_table), memory)


def pools(settings: TokenSettings) -> dict[str, frozenset[str]]:
    """User pool → app clients whose tokens count."""
    own = [settings.client_id, *settings.program_client_ids.split(",")]
    found = {settings.user_pool_id: frozenset(name.strip() for name in own if name.strip())}
    for row in settings.other_pools.split(";"):
        pool_id, _, clients = row.partition("=")
        names = frozenset(name.strip() for name in clients.split(",") if name.strip())
        if row.strip() and not (pool_id.strip() and names):
            raise SettingsError(f"OTHER_POOLS: {row!r} is not allowed; give pool=client,client;pool=client")
        if names:
            found[pool_id.strip()] = names
    return found


def documents(jwks: str) -> dict[str, Any]:
    """The keys of each pool as they were at deployment."""
    try:
        found = json.loads(jwks or "{}")
    except ValueError as error:
        raise SettingsError("JWKS: not JSON; give {pool id: JWKS document}, or leave it out") from error
    if not isinstance(found, dict):
        raise SettingsError("JWKS: not an object; give {pool id: JWKS document}, or leave it out")
    return found


def issuer(pool_id: str, clients: frozenset[str], known: Any, environ: Mapping[str, str]) -> Issuer:
    """A pool as an issuer; its id begins with its region."""
    region = region_of(pool_id)
    address = f"{endpoint_of('cognito-idp', {**environ, 'AWS_REGION': region})}/{pool_id}/.well-known/jwks.json"
    name = f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"
    return Issuer(name, clients, Keys(lambda: fetch(address, FETCH_TIMEOUT_S), known=known))


def region_of(pool_id: str) -> str:
    """The region in a pool's id, such as `us-east-1_Ab12Cd34E`.

    Raises:
        SettingsError: the id has none.
    """
    region, _, rest = pool_id.partition("_")
    if not (region and rest):
        raise SettingsError(f"USER_POOL_ID: {pool_id!r} is not allowed; give a pool's id such as us-east-1_Ab12Cd34E")
    return region
