"""Who calls: a bearer token is checked against the user pool's keys, each rejection with one fixed code."""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jwt import PyJWK

from functions.shared.errors import ApiError
from functions.shared.identity.keys import ALGORITHM, Keys

LONGEST = 8192
"""API Gateway takes 10,240 bytes of headers in all; decoding costs time in proportion, so length comes first."""

FURTHEST = 1e12
"""No moment in a token is later than this, in seconds since the epoch; neither infinity nor NaN is below it."""

COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)", re.ASCII)
"""A signed JWT: three segments of base64url without padding; the last is empty in an unsigned one."""


ADMINISTRATORS = "administrators"
"""Group whose members reach the records of every user."""


@dataclass(frozen=True)
class Caller:
    """Whom a token speaks for."""

    user_id: str
    scopes: frozenset[str]
    groups: frozenset[str]
    expires_at: float
    session: str = ""
    """Id of the sign-in that it was made in; empty for a program, which never signs in."""
    client_id: str = ""
    """App client that it was issued to."""

    def needs(self, scopes: tuple[str, ...], groups: tuple[str, ...]) -> None:
        """Ends with `missing_scope` or `missing_group` unless the caller has any scope and any group of these."""
        if scopes and self.scopes.isdisjoint(scopes):
            raise ApiError("missing_scope", why=f"needs any of {', '.join(scopes)}")
        if groups and self.groups.isdisjoint(groups):
            raise ApiError("missing_group", why=f"needs any of {', '.join(groups)}")


@dataclass(frozen=True)
class Issuer:
    """A user pool whose tokens count, and those of which of its app clients."""

    name: str
    """The `iss` of its tokens."""
    client_ids: frozenset[str]
    keys: Keys


class Verifier:
    """Checks tokens of one kind, of given pools and their app clients."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        *,
        use: str = "access",
        clock: Callable[[], float] = time.time,
        leeway_s: float = 5,
        remembered: int = 1024,
    ) -> None:
        self._issuers, self._use = tuple(issuers), use
        self._clock, self._leeway_s, self._remembered = clock, leeway_s, remembered
        self._client_claim = "client_id" if use == "access" else "aud"
        self._by_header: dict[str, tuple[PyJWK, Issuer]] = {}
        self._callers: dict[str, Caller] = {}
        for issuer in self._issuers:
            issuer.keys.on_change(self.forget)

    def caller(self, authorization: str | None) -> Caller:
        """Whom an Authorization header speaks for.

        Raises:
            ApiError: with the `token_…` code of the first check that fails.
        """
        if not authorization:
            raise ApiError("token_missing")
        if len(authorization) > LONGEST:
            raise ApiError("token_oversized")
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise ApiError("token_missing")
        known = self._callers.get(token)
        if known is not None:
            if self._clock() < known.expires_at:
                return known
            del self._callers[token]
        made = self._claims(*self._payload(token))
        if self._callers and len(self._callers) >= self._remembered:
            del self._callers[next(iter(self._callers))]
        self._callers[token] = made
        return made

    def forget(self) -> None:
        """Verifies every token in full again."""
        self._callers.clear()
        self._by_header.clear()

    def _payload(self, token: str) -> tuple[bytes, Issuer]:
        """The signed payload, and whose key signed it.

        Each segment is decoded once; pyjwt's own way through a token costs as much again as the RSA operation.
        """
        parts = COMPACT.fullmatch(token)
        if parts is None:
            raise ApiError("token_malformed")
        header, payload, signature = parts.groups()
        if not signature:
            raise ApiError("token_algorithm" if decoded(header).get("alg") != ALGORITHM else "token_malformed")
        found = self._by_header.get(header) or self._key(header)
        key, issuer = found
        try:
            content, signed = urlsafe_b64decode(payload + "=="), urlsafe_b64decode(signature + "==")
        except ValueError as error:
            raise ApiError("token_malformed") from error
        if not key.Algorithm.verify(f"{header}.{payload}".encode(), key.key, signed):
            raise ApiError("token_signature")
        # Only headers of genuine tokens are kept, so there are never more of them than the pool has keys.
        self._by_header[header] = found
        return content, issuer

    def _key(self, header: str) -> tuple[PyJWK, Issuer]:
        found = decoded(header)
        if found.get("alg") != ALGORITHM:
            raise ApiError("token_algorithm")
        if "crit" in found:
            raise ApiError("token_malformed", why="an extension that has to be understood, and is not")
        key_id = found.get("kid")
        if not isinstance(key_id, str):
            raise ApiError("token_malformed", why="no key id")
        known = self._known(key_id)
        if known is None:
            for issuer in self._issuers:
                issuer.keys.refresh()
            known = self._known(key_id)
        if known is None:
            if not any(issuer.keys.any for issuer in self._issuers):
                raise ApiError("keys_unavailable")
            raise ApiError("token_unknown_key")
        return known

    def _known(self, key_id: str) -> tuple[PyJWK, Issuer] | None:
        for issuer in self._issuers:
            key = issuer.keys.get(key_id)
            if key is not None:
                return key, issuer
        return None

    def _claims(self, payload: bytes, issuer: Issuer) -> Caller:
        try:
            claims: Any = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise ApiError("token_malformed") from error
        if not isinstance(claims, dict):
            raise ApiError("token_malformed")
        now = self._clock()
        if claims.get("iss") != issuer.name:
            raise ApiError("token_issuer")
        if claims.get("token_use") != self._use:
            raise ApiError("token_use")
        client = claims.get(self._client_claim)
        if not isinstance(client, str) or client not in issuer.client_ids:
            raise ApiError("token_client")
        expires_at = moment(claims, "exp")
        if now >= expires_at + self._leeway_s:
            raise ApiError("token_expired")
        if max(moment(claims, "nbf", now), moment(claims, "iat", now)) > now + self._leeway_s:
            raise ApiError("token_early")
        subject, scope, groups = claims.get("sub"), claims.get("scope", ""), claims.get("cognito:groups", [])
        session = claims.get("origin_jti", "")
        if not (isinstance(subject, str) and subject and isinstance(scope, str) and isinstance(session, str)):
            raise ApiError("token_claims")
        if not isinstance(groups, list):
            raise ApiError("token_claims", why="groups")
        return Caller(
            subject, frozenset(scope.split()), frozenset(map(str, groups)), expires_at + self._leeway_s, session, client
        )


def moment(claims: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A NumericDate claim; without a default it must be there."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < FURTHEST:
        raise ApiError("token_claims", why=name)
    return value


def decoded(header: str) -> dict[str, Any]:
    """A token's header, not trusted for anything but finding the key."""
    try:
        found = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except (ValueError, RecursionError) as error:
        raise ApiError("token_malformed") from error
    if not isinstance(found, dict):
        raise ApiError("token_malformed")
    return found
