"""Figures of the serving process for Prometheus, in its text format 0.0.4; counting costs well below a microsecond."""

from __future__ import annotations

import resource
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "mlplatform_model"
SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of durations: a row takes some microseconds, ten thousand of them less than a second."""
ROWS: Final = (1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 5000.0, 10_000.0)
"""Upper bounds of the instances of one request."""


class Histogram:
    """Values by upper bound."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds, self._counts, self._sum = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, value: float) -> None:
        """Counts one."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, name: str) -> Iterator[str]:
        """Each bound with all values up to it, then their sum and number."""
        reached = 0
        for bound, count in zip([*map(str, self._bounds), "+Inf"], self._counts, strict=True):
            reached += count
            yield sample(f"{name}_bucket", reached, {"le": bound})
        yield sample(f"{name}_sum", self._sum)
        yield sample(f"{name}_count", reached)


class Counts:
    """What one process has done since it began."""

    def __init__(self, version: str) -> None:
        self._version, self._began = version, time.time()
        self._answers: dict[int, int] = {}
        self._rows = {"answered": 0, "refused": 0}
        self._seconds, self._instances = Histogram(SECONDS), Histogram(ROWS)

    def answered(self, status: int, took_s: float) -> None:
        """An invocation is over."""
        self._answers[status] = self._answers.get(status, 0) + 1
        self._seconds.add(took_s)

    def predicted(self, instances: int, refused: int) -> None:
        """An invocation was answered for so many instances, of which so many have only errors."""
        self._instances.add(instances)
        self._rows["answered"] += instances - refused
        self._rows["refused"] += refused

    def text(self) -> str:
        """All figures, as a scrape gets them."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        # The most that it ever held; Linux counts in kilobytes, macOS in bytes.
        most = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        answers = [({"code": str(status)}, count) for status, count in sorted(self._answers.items())]
        rows = [({"outcome": outcome}, count) for outcome, count in self._rows.items()]
        found = [
            *family(
                "requests_total", "counter", "Invocations by the HTTP status that they were answered with.", answers
            ),
            *family("instances_total", "counter", "Rows of invocations: answered, or refused for their fields.", rows),
            *headed("request_duration_seconds", "histogram", "Time to answer an invocation."),
            *self._seconds.samples(f"{PREFIX}_request_duration_seconds"),
            *headed("request_instances", "histogram", "Rows of one invocation."),
            *self._instances.samples(f"{PREFIX}_request_instances"),
            *family("info", "gauge", "The model that answers.", [({"version": self._version}, 1)]),
            *family("start_time_seconds", "gauge", "When the process began, in Unix time.", [({}, self._began)]),
            *family("cpu_seconds_total", "counter", "Processor time used.", [({}, used.ru_utime + used.ru_stime)]),
            *family("memory_peak_bytes", "gauge", "The most memory that it has held.", [({}, most)]),
        ]
        return "\n".join(found) + "\n"


def family(name: str, kind: str, about: str, samples: Sequence[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    """A metric with its samples."""
    yield from headed(name, kind, about)
    for labels, value in samples:
        yield sample(f"{PREFIX}_{name}", value, labels)


def headed(name: str, kind: str, about: str) -> Iterator[str]:
    """What stands before a metric's samples."""
    yield f"# HELP {PREFIX}_{name} {about}"
    yield f"# TYPE {PREFIX}_{name} {kind}"


def sample(name: str, value: float, labels: Mapping[str, str] | None = None) -> str:
    """One line; a label's value may be any text."""
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    told = [f'{label}="{"".join(marks.get(sign, sign) for sign in text)}"' for label, text in (labels or {}).items()]
    return f"{name}{{{','.join(told)}}} {value:.17g}" if told else f"{name} {value:.17g}"
