"""What callers are told of a route that will go away, with every answer of it (RFC 9745, RFC 8594, RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from functools import cached_property

SHORTEST_DAYS = 180
"""A caller has at least this long between the first word of it and the end."""


@dataclass(frozen=True)
class Retirement:
    """Since when a route is deprecated, when it ends, and what is there in its place."""

    since: date
    """From this day on it should not be used for anything new."""
    sunset: date
    """On this day it may be gone."""
    successor: str
    """Path of the route in its place, such as `/v1/ml/predict`."""

    def __post_init__(self) -> None:
        if (self.sunset - self.since).days < SHORTEST_DAYS:
            raise ValueError(
                f"sunset is {self.sunset}, {(self.sunset - self.since).days} days after {self.since}; "
                f"allowed: {SHORTEST_DAYS} days or more; move it"
            )
        if not self.successor.startswith("/v"):
            raise ValueError(f"successor is {self.successor!r}; allowed: the path of a route such as /v1/ml/predict")

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers."""
        moment = datetime(self.since.year, self.since.month, self.since.day, tzinfo=timezone.utc)
        return {
            "Deprecation": f"@{int(moment.timestamp())}",
            "Sunset": f"{_DAYS[self.sunset.weekday()]}, {self.sunset.day:02d} {_MONTHS[self.sunset.month - 1]} "
            f"{self.sunset.year} 00:00:00 GMT",
            "Link": f'</api{self.successor}>; rel="successor-version", </api/v1/docs>; rel="deprecation"',
        }


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
