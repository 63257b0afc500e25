"""User pool authorizer: RS256 against the pool's published keys, issuer, time, kind of token and scopes."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Authorizer

MAX_TOKEN = 8192
"""Longer than any token of a user pool; a very long one would cost its verifier much time."""
REMEMBERED = 10_000
REFETCH_S = 10.0
"""How long an unknown key id does not lead to another fetch."""

Fetch = Callable[[str], Awaitable[bytes]]
"""Pool id to its JWKS document."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that was verified before."""

    expires: float
    claims: Mapping[str, str]
    kind: str
    scopes: frozenset[str]
    pool: str


class Authorize:
    """The step. A token is verified in full once and remembered until it expires."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._clock = clock
        self._tokens: dict[str, _Verified] = {}
        self._keys: dict[str, dict[str, Any]] = {}
        self._fetched: dict[str, float] = {}
        self._under_way: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def __call__(self, exchange: Exchange) -> None:
        """Sets the claims; refuses a token that is missing, wrong, expired or without the scope."""
        method = exchange.matched
        authorizer = method.authorizer
        if authorizer is None:
            return
        value = exchange.header(authorizer.header.encode("latin-1")) or ""
        token = value[7:] if value[:7].lower() == "bearer " else value
        found = self._tokens.get(token)
        if found is None:
            found = await self._verify(token.strip(), authorizer)
            while len(self._tokens) >= REMEMBERED:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[token] = found
        if found.expires <= self._clock():
            self._tokens.pop(token, None)
            raise GatewayError("UNAUTHORIZED", "The incoming token has expired")
        if found.pool not in authorizer.pools:
            raise GatewayError("UNAUTHORIZED")
        # An access token is asked for exactly where scopes are; an id token everywhere else.
        if found.kind != ("access" if method.scopes else "id"):
            raise GatewayError("UNAUTHORIZED")
        if method.scopes and not method.scopes & found.scopes:
            raise GatewayError("ACCESS_DENIED")
        exchange.claims = found.claims

    async def _verify(self, token: str, authorizer: Authorizer) -> _Verified:
        if not token or len(token) > MAX_TOKEN:
            raise GatewayError("UNAUTHORIZED")
        try:
            head = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            arn = next((arn for arn in authorizer.pools if issuer == issuer_of(arn)), "")
            key = await self._key(arn, str(head.get("kid"))) if arn else None
            if key is None:
                raise GatewayError("UNAUTHORIZED")
            options: Any = {"verify_aud": False, "require": ["exp", "iat", "sub"], "verify_exp": False}
            claims = jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, options=options)
            expires = float(claims["exp"])
            shown = {name: _shown(name, value) for name, value in claims.items()}
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            # A moment may be a number that is none, or beyond every calendar.
            raise GatewayError("UNAUTHORIZED") from None
        scopes = frozenset(str(claims.get("scope", "")).split())
        return _Verified(expires, shown, str(claims.get("token_use")), scopes, arn)

    async def _key(self, arn: str, kid: str) -> Any:
        """A public key of a pool; the keys are fetched once, and again when an unknown id appears.

        Whoever comes with an unknown id while they are fetched waits for the same answer.
        """
        known = self._keys.get(arn, {})
        if kid in known:
            return known[kid]
        under_way = self._under_way.get(arn)
        if under_way is None:
            now = self._clock()
            if now - self._fetched.get(arn, -REFETCH_S) < REFETCH_S:
                return None
            self._fetched[arn] = now
            under_way = self._under_way[arn] = asyncio.ensure_future(self._fetch_keys(arn))
            under_way.add_done_callback(lambda _: self._under_way.pop(arn))
        return (await asyncio.shield(under_way)).get(kid)

    async def _fetch_keys(self, arn: str) -> dict[str, Any]:
        try:
            document = json.loads(await self._fetch(arn.rsplit("/", 1)[-1]))
            known = {row["kid"]: jwt.PyJWK(row, "RS256").key for row in document["keys"]}
        except (OSError, ValueError, KeyError, jwt.PyJWTError):
            self._fetched.pop(arn)
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR") from None
        self._keys[arn] = known
        return known


def issuer_of(arn: str) -> str:
    """The issuer that a pool writes into its tokens."""
    parts = arn.split(":")
    return f"https://cognito-idp.{parts[3]}.amazonaws.com/{arn.rsplit('/', 1)[-1]}" if len(parts) > 5 else ""


def fetch_from(endpoint: str) -> Fetch:
    """Fetches a pool's keys from the local cloud."""

    def read(url: str) -> bytes:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            content: bytes = answer.read()
            return content

    async def fetch(pool: str) -> bytes:
        return await asyncio.to_thread(read, f"{endpoint}/{pool}/.well-known/jwks.json")

    return fetch


def _shown(name: str, value: Any) -> str:
    """A claim as functions get it: always text, moments written out, lists with commas."""
    if name in {"exp", "iat"} and isinstance(value, (int, float)):
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value))
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
