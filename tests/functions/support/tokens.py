"""A user pool of our own: keys, their document, and tokens good and bad."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from functions.shared.identity.keys import Keys
from functions.shared.identity.tokens import Issuer
from tests.functions.support.calls import CLIENT_ID, POOL_ID, REGION


class Pool:
    """Signs tokens as Cognito does."""

    def __init__(self, pool_id: str = POOL_ID, key_id: str = "key-1") -> None:
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}"
        self.client_id, self.key_id = CLIENT_ID, key_id
        self.subject = "3c1c0a4e-90c1-70a1-b1d2-1f6f7b3f5a10"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.fetches = 0

    def trusted(self, *more: str) -> Issuer:
        """The pool as an issuer whose tokens count, for its own app client and more."""
        return Issuer(self.issuer, frozenset({self.client_id, *more}), Keys(self.document))

    def document(self) -> bytes:
        """The pool's JWKS."""
        self.fetches += 1
        return json.dumps({"keys": [self.row()]}).encode()

    def row(self) -> dict[str, Any]:
        """The public key as the JWKS lists it."""
        row = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**row, "kid": self.key_id, "alg": "RS256", "use": "sig"}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of an access token; a change to None leaves a claim out, `groups` are Cognito's."""
        if "groups" in changes:
            changes["cognito:groups"] = changes.pop("groups")
        now = int(time.time())
        claims = {
            "sub": self.subject,
            "cognito:groups": ["users"],
            "iss": self.issuer,
            "client_id": self.client_id,
            "origin_jti": "b2f4a8f5-9a0e-4d0c-8f3e-7a1f0f5d2c11",
            "event_id": "0d0f5a2e-6f0a-4c39-8f57-4a8f1f4f8f11",
            "token_use": "access",
            "scope": "aws.cognito.signin.user.admin",
            "auth_time": now,
            "exp": now + 3600,
            "iat": now,
            "jti": "4a8f1f4f-8f11-4c39-8f57-0d0f5a2e6f0a",
            "username": self.subject,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A signed access token."""
        return jwt.encode(self.claims(**changes), self.key, "RS256", headers={"kid": self.key_id, **(headers or {})})
