"""Signing keys: each pool of each sandbox has its own, and may get a new one while tokens of the old one count."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

KEEP_S = 24 * 3600.0
"""How long the key before stays published: as long as the longest token that it may have signed."""


@dataclass(frozen=True)
class Key:
    """A key pair."""

    id: str
    private: rsa.RSAPrivateKey
    gone_at: float = float("inf")
    """When it is no longer published."""

    def row(self) -> dict[str, Any]:
        """Its public half as a JWKS document lists it."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"alg": "RS256", "e": public["e"], "kid": self.id, "kty": "RSA", "n": public["n"], "use": "sig"}


class KeyRings:
    """The keys of all pools, made on first use.

    Args:
        directory: where each private key is kept for its owner, as `<pool>/<key id>.pem`, so that a test of one's own
            can sign what it wants.
        clock: seconds since the epoch.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._directory, self._clock = directory, clock
        self._lock = threading.Lock()
        self._rings: dict[str, list[Key]] = {}

    def sign(self, pool_id: str, claims: Mapping[str, Any]) -> str:
        """A token signed by the pool's newest key."""
        key = self._ring(pool_id)[0]
        # Cognito's header has no `typ`.
        return jwt.encode(dict(claims), key.private, "RS256", headers={"kid": key.id, "typ": None})

    def document(self, pool_id: str) -> bytes:
        """The pool's JWKS document."""
        return json.dumps({"keys": [key.row() for key in self._ring(pool_id)]}).encode()

    def rotate(self, pool_id: str, keep_s: float = KEEP_S) -> str:
        """Signs with a new key from now on, and gives its id; the one before stays published for a while."""
        newest, *rest = self._ring(pool_id)
        key = self._make(pool_id)
        with self._lock:
            kept = Key(newest.id, newest.private, self._clock() + keep_s)
            self._rings[pool_id] = [key, kept, *rest]
        return key.id

    def _ring(self, pool_id: str) -> list[Key]:
        with self._lock:
            known = self._rings.get(pool_id)
        if known is None:
            made = self._make(pool_id)
            with self._lock:
                # Whoever was first decides; a second key of the same moment is thrown away.
                known = self._rings.setdefault(pool_id, [made])
        now = self._clock()
        return [key for key in known if now < key.gone_at]

    def _make(self, pool_id: str) -> Key:
        key = Key(secrets.token_urlsafe(32), rsa.generate_private_key(public_exponent=65537, key_size=2048))
        folder = self._directory / pool_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{key.id}.pem"
        path.touch(mode=0o600)
        path.write_bytes(key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return key
