"""Where a client finds the platform: in the first region, and in the second one once the first answers no more."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.control import Control


@dataclass(frozen=True)
class Place:
    """One region as a client sees it."""

    region: str
    api_url: str
    bucket: str
    """Of raw data."""
    pages: str = ""
    """The site's bucket; empty without a site."""


class Places:
    """The first region until it is given up; with a failover name, what that name leads to.

    Args:
        first: the region that carries the traffic.
        second: the one that waits.
        control: tells where failover names lead, where the stack has such names.
        name: the API's name; empty in a stack without a domain, whose clients know both addresses.
    """

    def __init__(self, first: Place, second: Place, control: Control, name: str = "") -> None:
        self.first, self.second = first, second
        self._control = control
        self._name = name
        self._moved = threading.Event()

    def now(self) -> Place:
        """Where to write now."""
        if self._name and not self._moved.is_set():
            led = self._control.resolve(self._name)["region"]
            if led == self.second.region:
                self._moved.set()
        return self.second if self._moved.is_set() else self.first

    def give_up(self) -> None:
        """The first region did not answer: a client without a name to follow tries the other address it knows."""
        if not self._name:
            self._moved.set()
