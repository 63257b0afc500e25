"""A pool's public keys: known from the deployment on, fetched again for an unknown id, kept when fetching fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from jwt import InvalidKeyError, PyJWK
from jwt.exceptions import PyJWKError

ALGORITHM = "RS256"

WRONG = (ValueError, KeyError, TypeError, AttributeError, PyJWKError, InvalidKeyError)
"""What reading a document raises that is no set of keys."""


class Keys:
    """Keys by id.

    Args:
        fetch: gives the pool's JWKS document; OSError where it cannot be had.
        known: the document as it was at deployment, so that a cold start asks nobody, and so that tokens of a pool
            whose region cannot be reached still count.
        clock: seconds; only differences count.
        cool_down_s: how long an unknown id does not lead to another fetch.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        *,
        known: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
        cool_down_s: float = 10,
    ) -> None:
        self._fetch, self._clock, self._cool_down_s = fetch, clock, cool_down_s
        self._keys = read(known) if known else {}
        self._next_fetch = float("-inf")
        self._changed: list[Callable[[], None]] = []

    @property
    def any(self) -> bool:
        """Whether a token could be accepted at all."""
        return bool(self._keys)

    def on_change(self, forget: Callable[[], None]) -> None:
        """Calls `forget` whenever a key goes or becomes another one."""
        self._changed.append(forget)

    def get(self, key_id: str) -> PyJWK | None:
        """The key of this id, if it is known; asks nobody."""
        return self._keys.get(key_id)

    def refresh(self) -> None:
        """Fetches the keys, unless that was tried a short time ago; without any key it is tried each time."""
        if self._keys and self._clock() < self._next_fetch:
            return
        self._next_fetch = self._clock() + self._cool_down_s
        try:
            found = read(json.loads(self._fetch()))
        except (OSError, *WRONG):
            # The keys of before still count: a pool rotates rarely.
            return
        if not found:
            return
        before, self._keys = self._keys, found
        if any(key_id not in found or found[key_id].key != key.key for key_id, key in before.items()):
            for forget in self._changed:
                forget()


def read(document: Mapping[str, Any]) -> dict[str, PyJWK]:
    """The RSA keys of a JWKS document by id.

    Raises:
        WRONG: it is no such document.
    """
    rows = {str(row["kid"]): row for row in document["keys"] if row.get("kty") == "RSA"}
    return {key_id: PyJWK(row, algorithm=ALGORITHM) for key_id, row in rows.items()}
