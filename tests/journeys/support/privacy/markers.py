"""Values that look like secrets and like people's data, each of them once: where one is found, it tells whence."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass


@dataclass(frozen=True)
class Marker:
    """One number in every disguise."""

    number: str

    @property
    def email(self) -> str:
        """An address."""
        return f"ada.{self.number}@example.org"

    @property
    def token(self) -> str:
        """What looks like a signed token; its parts hold the number in the clear, so that it is found."""
        head = urlsafe_b64encode(b'{"alg":"RS256","kid":"a"}').decode().rstrip("=")
        return f"{head}.e30{self.number}.c2ln{self.number}"

    @property
    def password(self) -> str:
        """One that the pool would take."""
        return f"Horse-{self.number}-x!"

    @property
    def key(self) -> str:
        """What looks like a key of AWS."""
        return f"AKIA{self.number}ABCD"

    @property
    def card(self) -> str:
        """A number with the check digit of a payment card."""
        digits = f"411{self.number}"
        doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits))]
        return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)

    @property
    def secret(self) -> str:
        """What looks like a key of a payment service."""
        return f"sk_live_{self.number}"

    @property
    def words(self) -> str:
        """All of them in one text."""
        return f"{self.email} {self.token} {self.password} {self.key} {self.card} {self.secret}"


class Markers:
    """Makes markers and finds them again."""

    def __init__(self) -> None:
        self._run = f"{secrets.randbelow(10**8):08d}"
        self._places: list[str] = []
        self._pattern = re.compile(rf"{self._run}(\d{{4}})")

    def __call__(self, place: str) -> Marker:
        """Another one, for a route and what of it carries the value."""
        self._places.append(place)
        return Marker(f"{self._run}{len(self._places) - 1:04d}")

    def found(self, text: str) -> set[str]:
        """The places whose values a text has."""
        return {self._places[int(number)] for number in self._pattern.findall(text)}

    def __len__(self) -> int:
        return len(self._places)
