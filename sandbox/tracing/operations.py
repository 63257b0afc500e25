"""PutTraceSegments, BatchGetTraces and GetTraceSummaries on the traces of this process.

The functions take one of moto's responses or backends as `self`, as its own methods do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partialmethod
from typing import Any

from sandbox.tracing.filters import FilterError, read
from sandbox.tracing.store import Trace, Traces, text

Take = Callable[[Any, str], None]
MOST_IDS = 5
"""Traces that BatchGetTraces takes at once."""
PAGE = 100
"""Summaries of one answer."""


def taking(take: Take) -> Any:
    """What stands in for the way of a document into moto's backend, which checks it as before."""

    def process_segment(backend: Any, document: str) -> None:
        from moto.xray.exceptions import BadSegmentException
        from moto.xray.models import TraceSegment

        try:
            TraceSegment.from_dict(json.loads(document), raw=document)
            take(document, backend.region_name)
        except (ValueError, TypeError) as error:
            raise BadSegmentException(code="JSONFormatError", message=str(error)) from error

    return process_segment


def on_traces(traces: Traces, drain: Callable[[], None]) -> dict[str, Any]:
    """The operations by the names of moto's methods."""
    return {
        "traces": partialmethod(_batch, traces, drain),
        "trace_summaries": partialmethod(_summaries, traces, drain),
    }


def _batch(response: Any, traces: Traces, drain: Callable[[], None]) -> Any:
    drain()
    wanted = response.request_params.get("TraceIds")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_IDS:
        return _refused(f"TraceIds must hold 1 to {MOST_IDS} ids")
    found = {trace_id: traces.find(trace_id, response.region) for trace_id in wanted}
    return json.dumps(
        {
            "Traces": [_whole(trace) for trace in found.values() if trace is not None],
            "UnprocessedTraceIds": [trace_id for trace_id, trace in found.items() if trace is None],
        }
    )


def _whole(trace: Trace) -> dict[str, Any]:
    segments = [{"Id": segment["id"], "Document": text(segment)} for segment in trace.segments()]
    return {"Id": trace.id, "Duration": round(trace.took_s, 3), "LimitExceeded": False, "Segments": segments}


def _summaries(response: Any, traces: Traces, drain: Callable[[], None]) -> Any:
    drain()
    given = response.request_params
    try:
        start, end = float(given["StartTime"]), float(given["EndTime"])
        fits = read(given.get("FilterExpression") or "")
        first = int(given.get("NextToken") or 0)
    except (KeyError, TypeError) as error:
        return _refused(f"StartTime and EndTime must be given in seconds since 1970: {error}")
    except (FilterError, ValueError) as error:
        return _refused(str(error))
    found = [trace for trace in traces.within(start, end, response.region) if fits(trace)]
    answer = {
        "ApproximateTime": end,
        "TracesProcessedCount": len(found),
        "TraceSummaries": [_summary(trace) for trace in found[first : first + PAGE]],
    }
    if first + PAGE < len(found):
        answer["NextToken"] = str(first + PAGE)
    return json.dumps(answer)


def _summary(trace: Trace) -> dict[str, Any]:
    top = trace.segments()[0]
    http = top.get("http") or {}
    asked, told = http.get("request") or {}, http.get("response") or {}
    shown = {"HttpMethod": asked.get("method"), "HttpURL": asked.get("url"), "HttpStatus": told.get("status")}
    return {
        "Id": trace.id,
        "StartTime": trace.began,
        "Duration": round(trace.took_s, 3),
        "ResponseTime": round(float(top.get("end_time", trace.began)) - float(top["start_time"]), 3),
        "HasError": trace.flagged("error"),
        "HasFault": trace.flagged("fault"),
        "HasThrottle": trace.flagged("throttle"),
        "IsPartial": any(segment.get("in_progress") for segment in trace.segments()),
        "Http": {name: value for name, value in shown.items() if value is not None},
        "Annotations": {
            name: [{"AnnotationValue": _value(value)} for value in values]
            for name, values in trace.annotations().items()
        },
    }


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"NumberValue": value} if isinstance(value, int | float) else {"StringValue": str(value)}


def _refused(message: str) -> tuple[str, dict[str, int]]:
    return json.dumps({"__type": "InvalidRequestException", "Message": message}), {"status": 400}
