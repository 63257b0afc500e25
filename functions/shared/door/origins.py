"""Which pages of other origins may read an answer (CORS)."""

from __future__ import annotations

from collections.abc import Mapping

from functions.shared.headers import ANY, for_pages


class Origins:
    """Headers for the origins that were configured; a page of any other origin gets none."""

    def __init__(self, listed: str) -> None:
        """`listed` has origins with commas between, or `*`; empty is none."""
        names = [name.strip() for name in listed.split(",") if name.strip()]
        self._known: Mapping[str, Mapping[str, str]] = {}
        self._others: Mapping[str, str] = {"Vary": "Origin"} if names else {}
        if ANY in names:
            self._others = for_pages(ANY)
        else:
            self._known = {name: for_pages(name) for name in names}

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Headers of an answer to a page of this origin; None is no page."""
        return self._known.get(origin, self._others) if origin else self._others


NOWHERE = Origins("")
"""No page may read anything."""
