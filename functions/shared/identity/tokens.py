"""Who calls: a bearer token is checked against the user pool's keys, each rejection with one fixed code."""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jwt import InvalidKeyError, PyJWK
from jwt.exceptions import PyJWKError

from functions.shared.errors import ApiError

LONGEST = 8192
"""API Gateway takes 10,240 bytes of headers in all; decoding costs time in proportion, so length comes first."""

ALGORITHM = "RS256"

COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)", re.ASCII)
"""A signed JWT: three segments of base64url without padding; the last is empty in an unsigned one."""


@dataclass(frozen=True)
class Caller:
    """Whom a token speaks for."""

    user_id: str
    scopes: frozenset[str]
    groups: frozenset[str]
    expires_at: float

    def needs(self, scopes: tuple[str, ...], groups: tuple[str, ...]) -> None:
        """Ends with `missing_scope` or `missing_group` unless the caller has any scope and any group of these."""
        if scopes and self.scopes.isdisjoint(scopes):
            raise ApiError("missing_scope", why=f"needs any of {', '.join(scopes)}")
        if groups and self.groups.isdisjoint(groups):
            raise ApiError("missing_group", why=f"needs any of {', '.join(groups)}")


class Keys:
    """A pool's public keys: fetched once a process, again for an unknown id, kept when fetching fails."""

    def __init__(
        self, fetch: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic, cool_down_s: float = 10
    ) -> None:
        self._fetch, self._clock, self._cool_down_s = fetch, clock, cool_down_s
        self._keys: dict[str, PyJWK] = {}
        self._next_fetch = float("-inf")

    def find(self, key_id: str) -> PyJWK | None:
        """The key of this id, or None where the pool has none.

        Raises:
            ApiError: `unavailable` while no keys could be fetched at all.
        """
        if key_id not in self._keys and self._clock() >= self._next_fetch:
            self._next_fetch = self._clock() + self._cool_down_s
            self._refresh()
        if not self._keys:
            # The next call tries again: without any key no token could be accepted anyway.
            self._next_fetch = float("-inf")
            raise ApiError("unavailable", why="the pool's keys could not be fetched")
        return self._keys.get(key_id)

    def _refresh(self) -> None:
        try:
            document = json.loads(self._fetch())
            found = {str(row["kid"]): row for row in document["keys"] if row.get("kty") == "RSA"}
            self._keys = {key_id: PyJWK(row, algorithm=ALGORITHM) for key_id, row in found.items()} or self._keys
        except (OSError, ValueError, KeyError, TypeError, AttributeError, PyJWKError, InvalidKeyError):
            # The keys of before still count: a pool rotates rarely, and `find` says so when there are none.
            return


class Verifier:
    """Checks tokens of one pool, one kind and given app clients."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        client_ids: frozenset[str],
        use: str = "access",
        clock: Callable[[], float] = time.time,
        leeway_s: float = 5,
        remembered: int = 1024,
    ) -> None:
        self._keys, self._issuer, self._client_ids, self._use = keys, issuer, client_ids, use
        self._clock, self._leeway_s, self._remembered = clock, leeway_s, remembered
        self._client_claim = "client_id" if use == "access" else "aud"
        self._by_header: dict[str, PyJWK] = {}
        self._callers: dict[str, Caller] = {}

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
        made = self._claims(self._payload(token))
        if self._callers and len(self._callers) >= self._remembered:
            del self._callers[next(iter(self._callers))]
        self._callers[token] = made
        return made

    def forget(self) -> None:
        """Verifies every token in full again."""
        self._callers.clear()

    def _payload(self, token: str) -> bytes:
        """The signed payload.

        Each segment is decoded once; pyjwt's own way through a token costs as much again as the RSA operation.
        """
        parts = COMPACT.fullmatch(token)
        if parts is None:
            raise ApiError("token_malformed")
        header, payload, signature = parts.groups()
        if not signature:
            raise ApiError("token_algorithm" if decoded(header).get("alg") != ALGORITHM else "token_malformed")
        key = self._by_header.get(header) or self._key(header)
        try:
            content, signed = urlsafe_b64decode(payload + "=="), urlsafe_b64decode(signature + "==")
        except ValueError as error:
            raise ApiError("token_malformed") from error
        if not key.Algorithm.verify(f"{header}.{payload}".encode(), key.key, signed):
            raise ApiError("token_signature")
        # Only headers of genuine tokens are kept, so there are never more of them than the pool has keys.
        self._by_header[header] = key
        return content

    def _key(self, header: str) -> PyJWK:
        found = decoded(header)
        if found.get("alg") != ALGORITHM:
            raise ApiError("token_algorithm")
        if "crit" in found:
            raise ApiError("token_malformed", why="an extension that has to be understood, and is not")
        key_id = found.get("kid")
        if not isinstance(key_id, str):
            raise ApiError("token_malformed", why="no key id")
        key = self._keys.find(key_id)
        if key is None:
            raise ApiError("token_unknown_key")
        return key

    def _claims(self, payload: bytes) -> Caller:
        try:
            claims: Any = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise ApiError("token_malformed") from error
        if not isinstance(claims, dict):
            raise ApiError("token_malformed")
        now = self._clock()
        if claims.get("iss") != self._issuer:
            raise ApiError("token_issuer")
        if claims.get("token_use") != self._use:
            raise ApiError("token_use")
        client = claims.get(self._client_claim)
        if not isinstance(client, str) or client not in self._client_ids:
            raise ApiError("token_client")
        expires_at = moment(claims, "exp")
        if now >= expires_at + self._leeway_s:
            raise ApiError("token_expired")
        if max(moment(claims, "nbf", now), moment(claims, "iat", now)) > now + self._leeway_s:
            raise ApiError("token_early")
        subject, scope, groups = claims.get("sub"), claims.get("scope", ""), claims.get("cognito:groups", [])
        if not (isinstance(subject, str) and subject and isinstance(scope, str) and isinstance(groups, list)):
            raise ApiError("token_claims")
        return Caller(subject, frozenset(scope.split()), frozenset(map(str, groups)), expires_at + self._leeway_s)


def moment(claims: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A NumericDate claim; without a default it must be there."""
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
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
