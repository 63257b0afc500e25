"""Finding a user pool, a client or a user among moto's, in whatever region they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError

from sandbox.events.hooks import inner


def refused(code: str, message: str) -> JsonRESTError:
    """An error of Cognito's, to be raised."""
    return JsonRESTError(code, message)


def every_pool() -> Iterator[Any]:
    """All pools of all accounts and regions."""
    from moto.cognitoidp.models import cognitoidp_backends

    for regions in cognitoidp_backends.values():
        for region, backend in regions.items():
            if region != "global":
                yield from backend.user_pools.values()


def pool_by_id(pool_id: str) -> Any:
    """The pool, or None."""
    return next((pool for pool in every_pool() if pool.id == pool_id), None)


def pool_of(client_id: str) -> Any:
    """The pool of an app client."""
    pool = next((pool for pool in every_pool() if client_id in pool.clients), None)
    if pool is None:
        raise refused("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
    return pool


def find(pool: Any, username: str) -> Any:
    """The user of a name or e-mail address, or None; case does not count where the pool says so."""
    insensitive = (pool.extended_config.get("UsernameConfiguration") or {}).get("CaseSensitive") is False
    return inner(pool, "_get_user")(username.lower() if insensitive else username)


def silent(pool: Any, client_id: str) -> bool:
    """Whether the client hides which users exist."""
    return bool(pool.clients[client_id].extended_config.get("PreventUserExistenceErrors") == "ENABLED")


def user(pool: Any, client_id: str, username: str, hidden: JsonRESTError) -> Any:
    """A user; for an unknown one the client's choice decides whether that is told or looks like `hidden`."""
    found = find(pool, username)
    if found is None:
        raise hidden if silent(pool, client_id) else refused("UserNotFoundException", "User does not exist.")
    return found


def by_access_token(token: str) -> tuple[Any, Any]:
    """The pool and the user of an access token that is still good for Cognito itself."""
    for pool in every_pool():
        if token in pool.access_tokens:
            found = find(pool, pool.access_tokens[token][1])
            if found is not None and found.enabled:
                return pool, found
    raise refused("NotAuthorizedException", "Access Token has been revoked")


def destination(user_found: Any) -> str:
    """Where a code for a user is sent."""
    return str(user_found.attribute_lookup.get("email") or user_found.attribute_lookup.get("phone_number") or "")
