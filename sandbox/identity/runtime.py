"""The identity runtime: puts its operations in the place of moto's, and takes them out at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from sandbox.callers import Callers
from sandbox.cloud import Application
from sandbox.events.hooks import Hooks
from sandbox.identity.codes import Codes
from sandbox.identity.endpoints import Endpoints
from sandbox.identity.factors import Factors
from sandbox.identity.folders import Folders
from sandbox.identity.keys import KeyRings
from sandbox.identity.pools import find, pool_of, refused
from sandbox.identity.signing_in import SigningIn
from sandbox.identity.signing_up import SigningUp, param
from sandbox.identity.tokens import Tokens
from sandbox.identity.triggers import Runner, Triggers
from sandbox.ledger import Ledger


class IdentityCloud(Protocol):
    """What this runtime needs of the cloud."""

    def wrap(self, layer: Callable[[Application], Application]) -> None:
        """Puts a layer in front of moto."""


class Identities:
    """User pools and identity pools as their callers know them.

    Build it with the cloud, what calls functions, and a directory for the pools' keys; call `install()` before the
    program runs, `attach()` after it, `close()` at the end.
    """

    notes = (
        "user pools send no e-mail and no text message; `python -m sandbox messages` shows what they would have sent",
        "a user pool gets a new key by `curl -X POST AWS_ENDPOINT/_sandbox/pools/POOL_ID/rotate`",
        "credentials of identity pools do not end; a pool that the program does not declare is left to moto",
        "user pools do not lock a user out after wrong passwords, and take a code of an authenticator app twice",
    )

    def __init__(
        self,
        cloud: IdentityCloud,
        runner: Runner,
        directory: Path,
        clock: Callable[[], float] = time.time,
        callers: Callers | None = None,
    ) -> None:
        self._cloud = cloud
        self._hooks = Hooks()
        self.rings = KeyRings(directory, clock)
        self.codes = Codes(clock)
        self._tokens = Tokens(self.rings, clock)
        self._triggers = Triggers(runner)
        self._signing_up = SigningUp(self.codes, self._triggers)
        self._signing_in = SigningIn(self._tokens, self.codes, Factors(clock))
        self._endpoints = Endpoints(self.rings, self._tokens, self.codes)
        self._folders = Folders(self.rings, Callers() if callers is None else callers, clock)

    def install(self) -> None:
        """Puts this runtime's operations in the place of moto's."""
        from moto.cognitoidentity.responses import CognitoIdentityResponse
        from moto.cognitoidp.models import CognitoIdpUserPool
        from moto.cognitoidp.responses import CognitoIdpResponse

        up, way_in = self._signing_up, self._signing_in
        for operation in (
            *(up.sign_up, up.confirm_sign_up, up.forgot_password, up.confirm_forgot_password),
            *(up.admin_create_user, up.admin_confirm_sign_up),
            *(way_in.initiate_auth, way_in.respond_to_auth_challenge),
            *(way_in.associate_software_token, way_in.verify_software_token),
        ):
            self._hooks.wrap(CognitoIdpResponse, operation.__name__, _around(operation))
        self._hooks.add(CognitoIdpResponse, "resend_confirmation_code", _around(up.resend_confirmation_code)(None))
        self._hooks.add(CognitoIdpResponse, "revoke_token", _revoke_token)
        folders = self._folders
        for operation in (folders.get_id, folders.get_credentials_for_identity, folders.get_open_id_token):
            self._hooks.wrap(CognitoIdentityResponse, operation.__name__, _around(operation))
        for name, made in _token_methods(self._tokens).items():
            self._hooks.replace(CognitoIdpUserPool, name, made)
        self._hooks.wrap(CognitoIdpUserPool, "sign_out", _by_its_own_name)
        self._cloud.wrap(self._endpoints.layer)

    def attach(self, ledger: Ledger) -> None:
        """Takes over what the program declared."""
        self._triggers.attach(ledger)
        self._folders.attach(ledger)

    def close(self) -> None:
        """Gives moto its own operations back."""
        self._hooks.undo()


def _token_methods(tokens: Tokens) -> dict[str, Callable[..., Any]]:
    """The methods of moto's pool that make tokens; functions, since a class would not bind a bound method again."""

    def begin(pool: Any, client_id: str, username: str) -> tuple[str, str]:
        return tokens.begin(pool, client_id, username)

    def renew(pool: Any, refresh_token: str) -> tuple[str, str, int]:
        return tokens.renew(pool, refresh_token)

    def access(pool: Any, client_id: str, username: str, origin_jti: str) -> tuple[str, int]:
        return tokens.access(pool, client_id, username, origin_jti)

    def identity(pool: Any, client_id: str, username: str, origin_jti: str) -> tuple[str, int]:
        return tokens.identity(pool, client_id, username, origin_jti)

    return {
        "create_refresh_token": begin,
        "create_tokens_from_refresh_token": renew,
        "create_access_token": access,
        "create_id_token": identity,
    }


def _around(operation: Callable[..., Any]) -> Callable[[Any], Callable[..., Any]]:
    """Moto's operation replaced by one that gets it to call; None where moto has none."""
    return lambda original: lambda response: operation(original, response)


def _by_its_own_name(original: Callable[..., None]) -> Callable[..., None]:
    """Moto compares the name that was typed with the one that the session was begun by."""

    def sign_out(pool: Any, username: str) -> None:
        found = find(pool, username)
        original(pool, found.username if found is not None else username)

    return sign_out


def _revoke_token(response: Any) -> str:
    """Ends the session of a refresh token; its access tokens count no more where Cognito itself is asked.

    A token that was revoked before is as wanted; one that is no refresh token of the client's pool is refused.
    """
    token, client_id = param(response, "Token"), param(response, "ClientId")
    pool = pool_of(client_id)
    if token not in pool.refresh_tokens:
        raise refused("InvalidParameterException", "Invalid Refresh Token")
    session = pool.refresh_tokens[token]
    if session is not None and session[0] != client_id:
        raise refused("UnauthorizedException", "The token was issued to another client")
    pool.refresh_tokens[token] = None
    if session is not None:
        for access_token in [one for one in pool.access_tokens if _origin(one) == session[2]]:
            del pool.access_tokens[access_token]
    return json.dumps({})


def _origin(access_token: str) -> str:
    """The session that a token was made in."""
    import jwt

    return str(jwt.decode(access_token, options={"verify_signature": False}).get("origin_jti", ""))
