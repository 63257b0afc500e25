"""Signatures of messages that leave the platform: HMAC-SHA256 by keys that overlap while they are rotated.

A key ring is what the secret holds: `{"keys": [{"id", "secret"}, {"id", "secret", "until"}]}`, the newest first. A
message is signed by every key that is still good, so a receiver that knows any of them can check it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOLERANCE_S = 300.0
"""How old a signature may be, so that a message cannot be sent again later."""


class KeyRingError(ValueError):
    """A text that is no key ring; it says where, never what."""


@dataclass(frozen=True)
class Key:
    """One key."""

    id: str
    secret: str
    until: float | None = None
    """When it ends, in seconds since 1970; None for the newest."""

    def good(self, now: float) -> bool:
        """Whether it still counts."""
        return self.until is None or now < self.until

    def sign(self, stamp: int, body: bytes) -> str:
        """The signature of a body at a time."""
        return hmac.new(self.secret.encode(), b"%d." % stamp + body, "sha256").hexdigest()


@dataclass(frozen=True)
class KeyRing:
    """The keys of one secret, the newest first."""

    keys: tuple[Key, ...]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> KeyRing:
        """The ring of a secret's value.

        Raises:
            KeyRingError: it is none.
        """
        rows = value.get("keys")
        if not isinstance(rows, list) or not rows:
            raise KeyRingError("keys: a list of one or more keys is needed")
        keys = tuple(_key(at, row) for at, row in enumerate(rows))
        if len({key.id for key in keys}) != len(keys):
            raise KeyRingError("keys: each needs an id of its own")
        if keys[0].until is not None:
            raise KeyRingError("keys[0].until: the newest key has no end; remove it")
        return cls(keys)

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """The ring of a secret's text.

        Raises:
            KeyRingError: it is none.
        """
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise KeyRingError("a key ring is a JSON object with keys")
        return cls.of(value)

    def value(self) -> dict[str, Any]:
        """What the secret holds."""
        return {
            "keys": [
                {"id": key.id, "secret": key.secret} | ({} if key.until is None else {"until": key.until})
                for key in self.keys
            ]
        }

    def followed(self, new: Key, now: float, overlap_s: float) -> KeyRing:
        """The ring after a new key has come; the one before it counts for the overlap, older ones as before."""
        newest, *older = self.keys
        kept = [Key(newest.id, newest.secret, now + overlap_s), *(key for key in older if key.good(now))]
        return KeyRing((new, *kept))

    def sign(self, body: bytes, now: float) -> str:
        """The header of a message: `t=<seconds>,<key id>=<signature>,…`."""
        stamp = int(now)
        return ",".join([f"t={stamp}", *(f"{key.id}={key.sign(stamp, body)}" for key in self.keys if key.good(now))])

    def signatures(self, stamp: int, body: bytes, now: float) -> list[str]:
        """The signature by each key that is still good, the newest first."""
        return [key.sign(stamp, body) for key in self.keys if key.good(now)]

    def verify(self, header: str, body: bytes, now: float, tolerance_s: float = TOLERANCE_S) -> bool:
        """Whether a header was made for a body by one of the good keys, not long ago."""
        parts = [part.partition("=") for part in header.split(",")]
        stamps = [text for name, _, text in parts if name == "t"]
        if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdigit() or len(stamps[0]) > 12:
            return False
        stamp = int(stamps[0])
        if abs(now - stamp) > tolerance_s:
            return False
        good = {key.id: key.sign(stamp, body) for key in self.keys if key.good(now)}
        return _any(hmac.compare_digest(good.get(name, "").encode(), text.encode()) for name, _, text in parts if text)


def _any(found: Iterable[bool]) -> bool:
    """Whether one is true, after looking at all."""
    return sum(found) > 0


def _key(at: int, row: Any) -> Key:
    if not isinstance(row, dict):
        raise KeyRingError(f"keys[{at}]: an object with id and secret is needed")
    name, secret, until = row.get("id"), row.get("secret"), row.get("until")
    if not isinstance(name, str) or not name.isascii() or not name.isalnum() or name == "t":
        raise KeyRingError(f"keys[{at}].id: letters and digits are needed, and not t alone")
    if not isinstance(secret, str) or len(secret) < 32:
        raise KeyRingError(f"keys[{at}].secret: a text of 32 or more characters is needed")
    if isinstance(until, bool) or not isinstance(until, int | float | None):
        raise KeyRingError(f"keys[{at}].until: a number of seconds is needed, or nothing")
    return Key(name, secret, until)
