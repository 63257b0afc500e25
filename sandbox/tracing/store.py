"""The traces of the last while: documents by trace, put together however they arrive."""

from __future__ import annotations

import copy
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MOST_TRACES: Final = 2000
"""The oldest are forgotten first."""
MOST_DOCUMENTS: Final = 500
"""Of one trace."""

Document = Mapping[str, Any]


@dataclass
class Trace:
    """All that was told of one request."""

    id: str
    regions: set[str] = field(default_factory=set)
    """Regions of the services that it went through; parts of a function name none."""
    documents: dict[str, Document] = field(default_factory=dict)
    """By their own id; the last one counts."""

    def segments(self) -> list[dict[str, Any]]:
        """Segments with the parts that were told apart from them, in the order in which they began."""
        found = {name: copy.deepcopy(dict(document)) for name, document in self.documents.items()}
        places = {part["id"]: part for document in found.values() for part in flat(document)}
        top = []
        for document in found.values():
            parent = places.get(str(document.get("parent_id", "")))
            if document.get("type") == "subsegment" and parent is not None:
                parent.setdefault("subsegments", []).append(document)
            else:
                top.append(document)
        for part in places.values():
            part.get("subsegments", []).sort(key=began)
        return sorted(top, key=began)

    @property
    def began(self) -> float:
        """When its first document began."""
        return min(began(document) for document in self.documents.values())

    @property
    def took_s(self) -> float:
        """From its beginning to its last end."""
        ends = [float(document.get("end_time", began(document))) for document in self.documents.values()]
        return max(ends) - self.began

    def annotations(self) -> dict[str, list[Any]]:
        """Every annotation with its different values."""
        found: dict[str, list[Any]] = {}
        for document in self.documents.values():
            for part in flat(document):
                for name, value in (part.get("annotations") or {}).items():
                    if value not in found.setdefault(name, []):
                        found[name].append(value)
        return found

    def flagged(self, flag: str) -> bool:
        """Whether a segment of a service has a flag: error, fault or throttle."""
        return any(document.get(flag) for document in self.documents.values() if document.get("type") != "subsegment")


class Traces:
    """Keeps documents from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def add(self, document: Document, region: str = "") -> None:
        """Keeps a segment, or a part that was told by itself.

        Raises:
            ValueError: it has no id, trace, name or beginning.
        """
        lacking = [name for name in ("id", "trace_id", "name", "start_time") if not document.get(name)]
        if lacking:
            raise ValueError(f"a segment document lacks {', '.join(lacking)}; X-Ray takes none without")
        with self._lock:
            trace = self._traces.setdefault(str(document["trace_id"]), Trace(str(document["trace_id"])))
            if region:
                trace.regions.add(region)
            if len(trace.documents) < MOST_DOCUMENTS or document["id"] in trace.documents:
                trace.documents[str(document["id"])] = document
            while len(self._traces) > MOST_TRACES:
                self._traces.popitem(last=False)

    def find(self, trace_id: str, region: str = "") -> Trace | None:
        """A trace by its id, in a region that it went through."""
        with self._lock:
            trace = self._traces.get(trace_id)
            return None if trace is None or (region and region not in trace.regions) else _copied(trace)

    def within(self, start: float, end: float, region: str = "") -> Sequence[Trace]:
        """Traces that began in a stretch of time, the newest first."""
        with self._lock:
            found = [
                _copied(trace)
                for trace in self._traces.values()
                if start <= trace.began <= end and (not region or region in trace.regions)
            ]
        return sorted(found, key=lambda trace: trace.began, reverse=True)


def _copied(trace: Trace) -> Trace:
    return Trace(trace.id, set(trace.regions), dict(trace.documents))


def began(document: Document) -> float:
    """When it began."""
    return float(document["start_time"])


def flat(document: dict[str, Any] | Document) -> list[Any]:
    """A document and all parts in it."""
    return [document, *(inner for part in document.get("subsegments") or [] for inner in flat(part))]


def text(document: Document) -> str:
    """As X-Ray gives it back."""
    return json.dumps(document, sort_keys=True)
