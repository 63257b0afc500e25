"""A signing key of our own: nobody else has to be told, and the old one counts for a while."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from functions.rotation.logic import Value
from functions.shared.signing import Key, KeyRing, KeyRingError
from functions.shared.tasks import WorkError

PROBE = b"rotation"


@dataclass(frozen=True)
class SigningKeys:
    """The kind `signing`: a key ring of functions.shared.signing."""

    overlap_days: float
    clock: Callable[[], float] = time.time

    def invent(self, current: Value) -> Value:
        """The ring with a new key at its head."""
        new = Key(secrets.token_hex(4), secrets.token_urlsafe(48))
        return _ring(current).followed(new, self.clock(), self.overlap_days * 86_400).value()

    def install(self, pending: Value, current: Value) -> None:
        """Nothing: whoever signs or checks reads the secret."""
        _ring(pending), _ring(current)

    def prove(self, pending: Value) -> None:
        """Each key of the new ring, and so both sides of the overlap, checks what the ring signs."""
        now, ring = self.clock(), _ring(pending)
        header = ring.sign(PROBE, now)
        wrong = [key.id for key in ring.keys if key.good(now) and not _alone(key).verify(header, PROBE, now)]
        if wrong:
            raise WorkError(f"keys {', '.join(wrong)} do not check what they signed; rotate again")

    def retire(self, current: Value, previous: Value | None) -> None:
        """Nothing: the old key has its end written beside it."""
        del previous
        _ring(current)


def _alone(key: Key) -> KeyRing:
    return KeyRing((Key(key.id, key.secret),))


def _ring(value: Value) -> KeyRing:
    try:
        return KeyRing.of(value)
    except KeyRingError as error:
        raise WorkError(f"the secret holds no key ring: {error}; put one with put-secret-value") from error
