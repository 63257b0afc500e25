"""A subsegment of the function's X-Ray trace, sent to the daemon that Lambda runs beside it."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def subsegment(name: str, environ: Mapping[str, str]) -> Iterator[None]:
    """Times what runs inside; does nothing where the call is not sampled or no daemon runs."""
    trace = dict(part.split("=", 1) for part in environ.get("_X_AMZN_TRACE_ID", "").split(";") if "=" in part)
    daemon = environ.get("AWS_XRAY_DAEMON_ADDRESS")
    if trace.get("Sampled") != "1" or not daemon:
        yield
        return
    began, failed = time.time(), True
    try:
        yield
        failed = False
    finally:
        host, _, port = daemon.rpartition(":")
        document = {
            "name": name,
            "id": secrets.token_hex(8),
            "trace_id": trace.get("Root", ""),
            "parent_id": trace.get("Parent", ""),
            "type": "subsegment",
            "namespace": "remote",
            "start_time": began,
            "end_time": time.time(),
            "fault": failed,
        }
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            message = b'{"format": "json", "version": 1}\n' + json.dumps(document).encode()
            # A datagram to this machine: it cannot block, and a trace is not worth an error.
            sender.sendto(message, (host, int(port)))
