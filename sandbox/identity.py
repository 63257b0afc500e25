"""What user pools do and moto does not: a refresh token can be revoked alone."""

from __future__ import annotations

import json
from typing import Any


def install() -> None:
    """Gives moto's user pools the operation RevokeToken."""
    from moto.cognitoidp.responses import CognitoIdpResponse

    CognitoIdpResponse.revoke_token = _revoke_token


def _revoke_token(response: Any) -> str:
    """Ends the session of a refresh token; its access tokens count no more where Cognito itself is asked.

    A token that was revoked before is as wanted; one that is no refresh token of the client's pool is refused.
    """
    from moto.cognitoidp.exceptions import InvalidParameterException, ResourceNotFoundError

    token, client = response._get_param("Token"), response._get_param("ClientId")  # noqa: SLF001  # moto's only way
    pool = next((pool for pool in response.backend.user_pools.values() if client in pool.clients), None)
    if pool is None:
        raise ResourceNotFoundError(client)
    if token not in pool.refresh_tokens:
        raise InvalidParameterException("Invalid Refresh Token")
    session = pool.refresh_tokens[token]
    pool.refresh_tokens[token] = None
    if session is not None:
        for access_token in [one for one in pool.access_tokens if _origin(one) == session[2]]:
            del pool.access_tokens[access_token]
    return json.dumps({})


def _origin(access_token: str) -> str:
    """The session that a token was made in."""
    import jwt

    return str(jwt.decode(access_token, options={"verify_signature": False}).get("origin_jti", ""))
