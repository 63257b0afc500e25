"""Codes that prove an address or a phone: real, counted, and read here since no message leaves this machine."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sandbox.identity.pools import refused

LIFETIMES_S: Final = {"sign-up": 24 * 3600, "password reset": 3600, "sign-in": 180}
"""What a code is for → how long it counts."""
TRIES: Final = 5
KEPT: Final = 200


@dataclass(frozen=True)
class Message:
    """What Cognito would have sent; the sandbox keeps it instead."""

    at: float
    pool: str
    to: str
    purpose: str
    code: str


@dataclass
class _Issued:
    code: str
    ends: float
    wrong: int = 0


class Codes:
    """The newest code of each user and purpose, and the messages that carried them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._issued: dict[tuple[str, str, str], _Issued] = {}
        self._messages: deque[Message] = deque(maxlen=KEPT)

    def send(self, pool_id: str, username: str, purpose: str, to: str) -> None:
        """Issues a code, which takes the place of the one before, and keeps the message."""
        code, now = f"{secrets.randbelow(1_000_000):06d}", self._clock()
        with self._lock:
            self._issued[pool_id, username, purpose] = _Issued(code, now + LIFETIMES_S[purpose])
            self._messages.append(Message(now, pool_id, to, purpose, code))

    def check(self, pool_id: str, username: str, purpose: str, code: str) -> None:
        """Uses up a code; refused as Cognito does when it is wrong, too old, or was guessed at too often."""
        key = (pool_id, username, purpose)
        with self._lock:
            issued = self._issued.get(key)
            if issued is None or self._clock() >= issued.ends:
                raise refused("ExpiredCodeException", "Invalid code provided, please request a code again.")
            if issued.wrong >= TRIES:
                raise refused("LimitExceededException", "Attempt limit exceeded, please try after some time.")
            if not hmac.compare_digest(issued.code.encode(), str(code).encode()):
                issued.wrong += 1
                raise refused("CodeMismatchException", "Invalid verification code provided, please try again.")
            del self._issued[key]

    def messages(self, to: str = "") -> list[dict[str, Any]]:
        """The messages, the last one last; of one address only where it is given."""
        with self._lock:
            return [asdict(message) for message in self._messages if to in {"", message.to}]
