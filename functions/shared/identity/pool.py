"""The verifier of a function's callers, from its settings."""

from __future__ import annotations

from collections.abc import Mapping

from functions.shared.aws.calls import endpoint_of, fetch
from functions.shared.identity.tokens import Keys, Verifier

FETCH_TIMEOUT_S = 3


def verifier(user_pool_id: str, client_ids: str, environ: Mapping[str, str]) -> Verifier:
    """Checks access tokens of the pool's clients (one id, or several with commas between)."""
    address = f"{endpoint_of('cognito-idp', environ)}/{user_pool_id}/.well-known/jwks.json"

    return Verifier(
        Keys(lambda: fetch(address, FETCH_TIMEOUT_S)),
        issuer=f"https://cognito-idp.{environ['AWS_REGION']}.amazonaws.com/{user_pool_id}",
        client_ids=frozenset(part.strip() for part in client_ids.split(",")),
    )
