"""Tokens with the claims, lifetimes and scopes that the pool's client declares."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.identity.keys import KeyRings
from sandbox.identity.pools import find, refused

_UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_KINDS: Final = {"AccessToken": ("hours", 1), "IdToken": ("hours", 1), "RefreshToken": ("days", 30)}
"""Kind → the unit of a validity without one, and the validity when none is declared."""

PERSON: Final = "aws.cognito.signin.user.admin"
"""The scope of whoever signs in by the API."""


@dataclass(frozen=True)
class Session:
    """One sign-in."""

    began: int
    ends: float


class Tokens:
    """Replaces moto's tokens; `pool` is one of moto's pools in each method."""

    def __init__(self, rings: KeyRings, clock: Callable[[], float] = time.time) -> None:
        self._rings, self._clock = rings, clock
        self._sessions: dict[str, Session] = {}

    def begin(self, pool: Any, client_id: str, username: str) -> tuple[str, str]:
        """Refresh token and id of a new session."""
        user, now = find(pool, username), self._clock()
        token, session = f"{uuid.uuid4()}.{uuid.uuid4()}", str(uuid.uuid4())
        self._sessions[session] = Session(int(now), now + validity(pool.clients[client_id], "RefreshToken"))
        pool.refresh_tokens[token] = (client_id, user.username, session)
        return token, session

    def renew(self, pool: Any, refresh_token: str, client_id: str = "") -> tuple[str, str, int]:
        """Access token, id token and lifetime; refused for a token that is unknown, revoked, expired or another's."""
        found = pool.refresh_tokens.get(refresh_token)
        if found is None:
            known = refresh_token in pool.refresh_tokens
            raise refused(
                "NotAuthorizedException", "Refresh Token has been revoked" if known else "Invalid Refresh Token"
            )
        owner, username, session = found
        user = find(pool, username)
        if (client_id and owner != client_id) or user is None or not user.enabled:
            raise refused("NotAuthorizedException", "Invalid Refresh Token")
        if self._clock() >= self._sessions[session].ends:
            raise refused("NotAuthorizedException", "Refresh Token has expired")
        access, lifetime = self.access(pool, owner, username, session)
        identity, _ = self.identity(pool, owner, username, session)
        return access, identity, lifetime

    def access(self, pool: Any, client_id: str, username: str, origin_jti: str) -> tuple[str, int]:
        """An access token and its lifetime in seconds."""
        user = find(pool, username)
        claims = self._claims(user, "access", origin_jti)
        lifetime = validity(pool.clients[client_id], "AccessToken")
        claims |= {"client_id": client_id, "scope": PERSON, "username": user.username}
        token = self._signed(pool, claims, lifetime)
        pool.access_tokens[token] = (client_id, user.username)
        return token, lifetime

    def identity(self, pool: Any, client_id: str, username: str, origin_jti: str) -> tuple[str, int]:
        """An id token and its lifetime in seconds."""
        user = find(pool, username)
        client = pool.clients[client_id]
        claims = self._claims(user, "id", origin_jti)
        lifetime = validity(client, "IdToken")
        claims |= {"aud": client_id, "cognito:username": user.username}
        readable = client.get_readable_fields() or [name for name in user.attribute_lookup if name != "sub"]
        for name in readable:
            value = user.attribute_lookup.get(name)
            if value is not None:
                claims[name] = value == "true" if name.endswith("_verified") else value
        token = self._signed(pool, claims, lifetime)
        pool.id_tokens[token] = (client_id, user.username)
        return token, lifetime

    def program(self, pool: Any, client: Any, scopes: Iterable[str]) -> tuple[str, int]:
        """An access token for a program, which is nobody's, and its lifetime in seconds."""
        lifetime = validity(client, "AccessToken")
        claims = {
            "sub": client.id,
            "token_use": "access",
            "scope": " ".join(scopes),
            "auth_time": int(self._clock()),
            "version": 2,
            "client_id": client.id,
        }
        return self._signed(pool, claims, lifetime), lifetime

    def _claims(self, user: Any, use: str, session: str) -> dict[str, Any]:
        began = self._sessions.get(session)
        groups = sorted(user.groups, key=lambda group: (group.precedence is None, group.precedence, group.group_name))
        return {
            "sub": user.id,
            **({"cognito:groups": [group.group_name for group in groups]} if groups else {}),
            "origin_jti": session,
            "event_id": str(uuid.uuid4()),
            "token_use": use,
            "auth_time": began.began if began else int(self._clock()),
        }

    def _signed(self, pool: Any, claims: dict[str, Any], lifetime: int) -> str:
        now = int(self._clock())
        issuer = f"https://cognito-idp.{pool.region}.amazonaws.com/{pool.id}"
        made = claims | {"iss": issuer, "iat": now, "exp": now + lifetime, "jti": str(uuid.uuid4())}
        return self._rings.sign(pool.id, made)


def validity(client: Any, kind: str) -> int:
    """How many seconds a client's tokens of a kind count."""
    unit, default = _KINDS[kind]
    declared = client.extended_config.get(f"{kind}Validity")
    units = client.extended_config.get("TokenValidityUnits") or {}
    return int(declared or default) * _UNITS[str(units.get(kind, unit)) if declared else unit]
