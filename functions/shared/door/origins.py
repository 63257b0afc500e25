"""Which pages of other origins may read an answer (CORS)."""

from __future__ import annotations

from collections.abc import Mapping

from functions.shared.headers import EXPOSED

ANY = "*"


class Origins:
    """Headers for the origins that were configured; a page of any other origin gets none."""

    def __init__(self, listed: str) -> None:
        """`listed` has origins with commas between, or `*`; empty is none."""
        names = [name.strip() for name in listed.split(",") if name.strip()]
        exposed = {"Access-Control-Expose-Headers": ",".join(EXPOSED)}
        self._any = ANY in names
        # The answer differs by the origin, so a cache between must not give one page's answer to another.
        varies = {} if self._any or not names else {"Vary": "Origin"}
        self._others: Mapping[str, str] = {"Access-Control-Allow-Origin": ANY, **exposed} if self._any else varies
        self._known = {
            name: {"Access-Control-Allow-Origin": name, **exposed, **varies} for name in names if not self._any
        }

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """Headers of an answer to a page of this origin; None is no page."""
        return self._known.get(origin, self._others) if origin else self._others


NOWHERE = Origins("")
"""No page may read anything."""
