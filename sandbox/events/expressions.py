"""When a schedule is due: `rate(…)`, `cron(…)` and `at(…)` as EventBridge reads them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
LAST_YEAR = 2199
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}


class ScheduleError(ValueError):
    """A schedule expression that EventBridge would refuse."""


class Schedule(Protocol):
    """Gives the moments at which something is due."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first due moment later than this one, in UTC; None when there is none."""


@dataclass(frozen=True)
class Rate:
    """Every so many seconds, counted from when it was first seen."""

    seconds: int

    def next_after(self, moment: datetime) -> datetime | None:
        """One period later."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Once:
    """At one moment."""

    moment: datetime

    def next_after(self, moment: datetime) -> datetime | None:
        """That moment while it lies ahead."""
        return self.moment if self.moment > moment else None


@dataclass(frozen=True)
class Cron:
    """At the minutes that six fields describe, in one time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """The first matching minute; a local time that a clock change skips is passed over."""
        local = moment.astimezone(self.zone)
        for day in self._days(local.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    candidate = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    found = candidate.astimezone(timezone.utc)
                    skipped = found.astimezone(self.zone).replace(tzinfo=None) != candidate.replace(tzinfo=None)
                    if found > moment and not skipped:
                        return found
        return None

    def _days(self, first: date) -> Iterator[date]:
        for year in range(first.year, LAST_YEAR + 1):
            if year not in self.years:
                continue
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for day in sorted(self._days_of(year, month)):
                    found = date(year, month, day)
                    if found >= first:
                        yield found

    def _days_of(self, year: int, month: int) -> set[int]:
        if self.day_of_week == "?":
            return days_of_month(self.day_of_month, year, month)
        return days_of_week(self.day_of_week, year, month)


def parse(expression: str, zone: str = "UTC") -> Schedule:
    """The schedule that an expression describes.

    Args:
        expression: `rate(5 minutes)`, `cron(0 3 1 * ? *)` or `at(2030-01-31T09:00:00)`.
        zone: name of the time zone that `cron` and `at` are read in.

    Raises:
        ScheduleError: when the expression or the zone is not valid, saying which part.
    """
    match = re.fullmatch(r"(rate|cron|at)\((.*)\)", expression.strip())
    if match is None:
        raise ScheduleError(f"schedule {expression!r} must be rate(…), cron(…) or at(…)")
    kind, body = match.groups()
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(
            f"time zone {zone!r} of schedule {expression!r} is unknown; use a name like 'Europe/Madrid'"
        ) from error
    if kind == "rate":
        return _rate(body, expression)
    if kind == "at":
        try:
            moment = datetime.strptime(body, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=where)
        except ValueError as error:
            raise ScheduleError(f"schedule {expression!r} must hold a time like at(2030-01-31T09:00:00)") from error
        return Once(moment.astimezone(timezone.utc))
    return _cron(body, expression, where)


def _rate(body: str, expression: str) -> Rate:
    match = re.fullmatch(r"([1-9][0-9]*) (minute|hour|day)(s?)", body)
    if match is None or (match.group(1) == "1") != (match.group(3) == ""):
        raise ScheduleError(f"schedule {expression!r} must read like rate(1 minute), rate(12 hours) or rate(7 days)")
    return Rate(int(match.group(1)) * _UNITS[match.group(2)])


def _cron(body: str, expression: str, zone: ZoneInfo) -> Cron:
    fields = body.split()
    if len(fields) != 6:
        raise ScheduleError(
            f"schedule {expression!r} has {len(fields)} fields; cron needs 6: minutes hours day month weekday year"
        )
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(f"schedule {expression!r} must have '?' in exactly one of day-of-month and day-of-week")
    try:
        found = Cron(
            values(minutes, 0, 59),
            values(hours, 0, 23),
            day,
            values(month, 1, 12, MONTHS),
            weekday,
            values(year, 1970, LAST_YEAR),
            zone,
        )
        # 2024 is a leap year whose months together have every weekday in every place: the fields are read once here.
        if weekday == "?":
            days_of_month(day, 2024, 1)
        else:
            days_of_week(weekday, 2024, 1)
    except ValueError as error:
        raise ScheduleError(f"schedule {expression!r}: {error}") from error
    return found


def values(field: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers that one field of a cron expression stands for (`*`, `1,5`, `1-5`, `0/15`, `MON-FRI`).

    Raises:
        ValueError: when a part is no number or lies outside the range.
    """
    result: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        step = int(step_text) if step_text.isdigit() and int(step_text) > 0 else 0 if step_text else 1
        if step == 0:
            raise ValueError(f"step {step_text!r} in {field!r} must be a whole number above 0")
        if span in {"*", "?"}:
            first, last = lowest, highest
        else:
            low, dash, high = span.partition("-")
            first = _number(low, names, field)
            last = _number(high, names, field) if dash else highest if step_text else first
        if not (lowest <= first <= highest and lowest <= last <= highest):
            raise ValueError(f"{part!r} must lie within {lowest} and {highest}")
        # MON-SUN and FRI-TUE run over the end of the week.
        numbers = range(first, last + 1) if first <= last else [*range(first, highest + 1), *range(lowest, last + 1)]
        result.update(list(numbers)[::step])
    return frozenset(result)


def _number(text: str, names: dict[str, int] | None, field: str) -> int:
    if names and text.upper() in names:
        return names[text.upper()]
    if not text.isdigit():
        raise ValueError(f"{text!r} in {field!r} is not a number" + (f" or one of {', '.join(names)}" if names else ""))
    return int(text)


def days_of_month(field: str, year: int, month: int) -> set[int]:
    """The days of one month that a day-of-month field names; `L` is the last, `15W` the weekday nearest to the 15th.

    Raises:
        ValueError: when the field is not valid.
    """
    length = calendar.monthrange(year, month)[1]
    if field == "L":
        return {length}
    nearest = re.fullmatch(r"(\d{1,2}|L)W", field)
    if nearest:
        wanted = length if nearest.group(1) == "L" else int(nearest.group(1))
        if not 1 <= wanted <= 31:
            raise ValueError(f"{field!r} must lie within 1W and 31W")
        return {_nearest_weekday(year, month, wanted, length)} if wanted <= length else set()
    return {day for day in values(field, 1, 31) if day <= length}


def _nearest_weekday(year: int, month: int, wanted: int, length: int) -> int:
    for distance in (0, -1, 1, -2, 2):
        day = wanted + distance
        if 1 <= day <= length and date(year, month, day).weekday() < 5:
            return day
    return wanted


def days_of_week(field: str, year: int, month: int) -> set[int]:
    """The days of one month that a day-of-week field names; `6L` is the last Friday, `3#2` the second Tuesday.

    Raises:
        ValueError: when the field is not valid.
    """
    length = calendar.monthrange(year, month)[1]
    by_weekday: dict[int, list[int]] = {number: [] for number in WEEKDAYS.values()}
    for day in range(1, length + 1):
        by_weekday[date(year, month, day).isoweekday() % 7 + 1].append(day)
    last = re.fullmatch(r"(\d|[A-Za-z]{3})?L", field)
    if last:
        return {by_weekday[_number(last.group(1), WEEKDAYS, field) if last.group(1) else 7][-1]}
    nth = re.fullmatch(r"(\d|[A-Za-z]{3})#([1-5])", field)
    if nth:
        days = by_weekday[_number(nth.group(1), WEEKDAYS, field)]
        place = int(nth.group(2))
        return {days[place - 1]} if place <= len(days) else set()
    return {day for number in values(field, 1, 7, WEEKDAYS) for day in by_weekday[number]}
