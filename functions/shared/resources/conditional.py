"""Conditional requests: ETag, If-None-Match and If-Match (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from functions.shared.errors import ApiError, Detail

ANY: Final = "*"
"""Instead of tags: whatever there is."""

_TAG: Final = re.compile(r'\s*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')
"""One entity tag of a list. Whether it is weak does not count: what compresses an answer on its way weakens the tag."""


@dataclass(frozen=True)
class Tagged:
    """An answer with the version of what it shows."""

    content: Any
    """What `encode` takes."""
    version: int
    location: str = ""
    """Where what was made is, relative to the address that was asked."""

    @property
    def headers(self) -> dict[str, str]:
        """ETag, and Location where something was made."""
        made = {"Location": self.location} if self.location else {}
        return {"ETag": tag_of(self.version), **made}


def tag_of(version: int) -> str:
    """The tag of a version."""
    return f'"{version}"'


def tag_of_body(body: str) -> str:
    """The tag of an answer without a version of its own: weak, since it tells nothing about what was there before."""
    return f'W/"{sha256(body.encode()).hexdigest()[:32]}"'


def tags(given: str) -> set[str] | None:
    """The tags of a header without their weakness; None for `*`.

    Raises:
        ValueError: it is no list of tags.
    """
    if given.strip() == ANY:
        return None
    found, place = set(), 0
    while place < len(given):
        one = _TAG.match(given, place)
        if one is None:
            raise ValueError(f"{given!r} is no list of entity tags")
        found.add(one[1])
        place = one.end()
    return found


def unchanged(tag: str, headers: Mapping[str, str]) -> bool:
    """Whether the caller has what it would be sent; a header that is no list of tags asks for nothing."""
    given = headers.get("if-none-match")
    if not given:
        return False
    try:
        known = tags(given)
    except ValueError:
        return False
    return known is None or tag.removeprefix("W/") in known


def expected(headers: Mapping[str, str], version: int) -> None:
    """Ends with an ApiError unless the caller has seen this version of what it changes.

    `version_missing`: it does not say; `changed`: it has seen another one.
    """
    given = headers.get("if-match", "")
    try:
        known = tags(given)
    except ValueError:
        detail = Detail("If-Match", 'give the ETag that was read last, such as "3", or *')
        raise ApiError("version_missing", [detail]) from None
    if known is None:
        return
    if not known:
        raise ApiError("version_missing", [Detail("If-Match", "missing; read it first and send its ETag")])
    if tag_of(version) not in known:
        raise ApiError("changed", why="another version")
