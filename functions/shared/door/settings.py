"""What every function that answers callers is told of the door in front of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DoorSettings:
    """Whose pages may read answers, and how large a body may be."""

    cors_origins: str = ""
    """Origins whose pages may read answers, with commas between; `*` is all of them, empty is none."""
    largest_body_kb: int = 1024
    """Largest body of a request; the gateway itself takes 10 MB."""
