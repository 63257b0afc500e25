"""A trace for people: what was in what, when it began and how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Segment = Mapping[str, Any]


def drawn(segments: Sequence[Segment]) -> list[str]:
    """One line a part: milliseconds from the beginning, those it took, and its name below whom it belongs to."""
    ids = {str(part["id"]) for segment in segments for part, _ in _below(segment, 0)}
    inside: dict[str, list[Segment]] = {}
    for segment in segments:
        inside.setdefault(str(segment.get("parent_id", "")), []).append(segment)
    tops = [segment for segment in segments if str(segment.get("parent_id", "")) not in ids]
    if not tops:
        return []
    zero = min(float(segment["start_time"]) for segment in tops)
    lines = [f"{'begins ms':>10} {'takes ms':>9}"]
    for segment in sorted(tops, key=_began):
        for part, depth in _whole(segment, inside, 0):
            after = (float(part["start_time"]) - zero) * 1000
            took = (float(part.get("end_time", part["start_time"])) - float(part["start_time"])) * 1000
            lines.append(f"{after:10.1f} {took:9.1f}  {'  ' * depth}{_told(part)}")
    return lines


def _whole(part: Segment, inside: Mapping[str, Sequence[Segment]], depth: int) -> Iterator[tuple[Segment, int]]:
    """A part, then in order of time its own parts and the segments that it called."""
    yield part, depth
    below = [*part.get("subsegments", []), *inside.get(str(part["id"]), [])]
    for inner in sorted(below, key=_began):
        yield from _whole(inner, inside, depth + 1)


def _below(part: Segment, depth: int) -> Iterator[tuple[Segment, int]]:
    yield from _whole(part, {}, depth)


def _began(part: Segment) -> float:
    return float(part["start_time"])


def _told(part: Segment) -> str:
    words = [str(part["name"])]
    operation = (part.get("aws") or {}).get("operation")
    if operation:
        words.append(str(operation))
    if part.get("origin"):
        words.append(f"[{part['origin']}]")
    status = ((part.get("http") or {}).get("response") or {}).get("status")
    if status:
        words.append(str(status))
    words += [flag for flag in ("throttle", "error", "fault") if part.get(flag)]
    exceptions = (part.get("cause") or {}).get("exceptions") or []
    words += [str(exception["type"]) for exception in exceptions]
    words += [f"{name}={value}" for name, value in sorted((part.get("annotations") or {}).items())]
    return " ".join(words)
