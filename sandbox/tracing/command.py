"""`python -m sandbox traces [ID]`: the newest traces, or one as a tree, asked of X-Ray as on AWS."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.tracing.tree import drawn

SINCE_S = 6 * 3600
"""The longest stretch that X-Ray lets one question be about."""


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("id", nargs="?", default="", help="a trace id, or a request's X-Correlation-Id")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="traces that are listed (default 20)")
    parser.set_defaults(command=_run)


def listed(client: Any, most: int, expression: str = "") -> list[Mapping[str, Any]]:
    """Summaries of the newest traces."""
    now = time.time()
    asked: dict[str, Any] = {"StartTime": now - SINCE_S, "EndTime": now}
    if expression:
        asked["FilterExpression"] = expression
    pages = client.get_paginator("get_trace_summaries").paginate(**asked)
    found: list[Mapping[str, Any]] = []
    for page in pages:
        found += page["TraceSummaries"]
        if len(found) >= most:
            break
    return found[:most]


def tree(client: Any, wanted: str) -> list[str]:
    """The lines of a trace, found by its own id or by the correlation id of its request.

    Raises:
        LookupError: there is none, or none that was sampled.
    """
    trace_id = wanted
    if not wanted.startswith("1-"):
        named = listed(client, 1, f'annotation[correlation_id] = "{wanted}"')
        trace_id = str(named[0]["Id"]) if named else ""
    found = client.batch_get_traces(TraceIds=[trace_id])["Traces"] if trace_id else []
    if not found:
        raise LookupError(
            f"no trace {wanted!r}; allowed: an id of `python -m sandbox traces`, or the X-Correlation-Id of a request "
            "that was sampled; send X-Amzn-Trace-Id: Root=1-…;Sampled=1 to have one sampled"
        )
    return [f"trace {trace_id}", *drawn([json.loads(segment["Document"]) for segment in found[0]["Segments"]])]


def lines(client: Any, most: int) -> Iterator[str]:
    """A line for each of the newest traces."""
    for row in listed(client, most):
        http = row.get("Http") or {}
        began = row["StartTime"].strftime("%H:%M:%S") if "StartTime" in row else ""
        flags = [word for word in ("Error", "Fault", "Throttle") if row.get(f"Has{word}")]
        route = [value["AnnotationValue"]["StringValue"] for value in (row.get("Annotations") or {}).get("route", [])]
        told = " ".join([*route[:1], str(http.get("HttpStatus", "")), *map(str.lower, flags)])
        yield f"{row['Id']}  {began}  {row['ResponseTime'] * 1000:8.1f} ms  {told}".rstrip()


def _run(options: argparse.Namespace) -> int:
    from sandbox.cloud import local_client
    from sandbox.state import Home

    state = Home(options.directory).load()
    client = local_client("xray", state.aws_endpoint, state.region)
    try:
        shown = tree(client, options.id) if options.id else list(lines(client, options.most))
    except LookupError as error:
        sys.stderr.write(f"error: {error.args[0]}\n")
        return 1
    sys.stdout.write("\n".join(shown or ["no request was sampled yet"]) + "\n")
    return 0
