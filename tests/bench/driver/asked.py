"""Requests for the load, what their answers may be, and the process that sends them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.driver.client import NUMBER
from tests.journeys.support.deployed import ROOT, row_of


@dataclass(frozen=True)
class Request:
    """One request, and the statuses that are a right answer to it."""

    kind: str
    content: bytes
    right: frozenset[int] = frozenset({200})


@dataclass
class Answers:
    """What became of all requests of one run."""

    requests: Sequence[Request]
    seconds: float
    rows: list[tuple[int, int, int, float, float]] = field(default_factory=list)
    sent: int = 0
    used_s: float = 0.0
    """Processor time of whoever asked."""
    stolen: float = 0.0
    """Share of this machine's processor time that its host gave to others meanwhile; 0 where nobody tells."""

    def percentile(self, share: float) -> float:
        """Milliseconds within which a share of the answers came."""
        took = sorted(row[4] for row in self.rows)
        return took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else 0.0

    @property
    def rate(self) -> float:
        """Answers a second, between the first question and the last answer."""
        return len(self.rows) / (max(row[3] + row[4] for row in self.rows) - min(row[3] for row in self.rows))

    def wrong(self) -> Counter[tuple[str, int]]:
        """Answers that are not right, by kind of request and status."""
        return Counter(
            (self.requests[kind].kind, status)
            for kind, _, status, _, _ in self.rows
            if status not in self.requests[kind].right
        )

    def numbers(self, status: int) -> list[int]:
        """The numbers of the requests that were answered with a status."""
        return [number for _, number, found, _, _ in self.rows if found == status]


def joined(stretches: Sequence[Answers]) -> Answers:
    """Stretches of the same kind of requests as one, without the time between them."""
    rows, end = list[tuple[int, int, int, float, float]](), 0.0
    for part in stretches:
        later = end - min(row[3] for row in part.rows)
        rows += [(kind, number, status, began + later, took) for kind, number, status, began, took in part.rows]
        end = max(began + took for _, _, _, began, took in rows)
    return Answers(
        stretches[0].requests,
        sum(part.seconds for part in stretches),
        rows,
        sum(part.sent for part in stretches),
        sum(part.used_s for part in stretches),
        sum(part.stolen for part in stretches) / len(stretches),
    )


def request(
    method: str, path: str, body: Any = None, *, token: str = "", raw: bytes | None = None, **headers: str
) -> bytes:
    """A request as HTTP writes it; `raw` is a body that is no JSON."""
    content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: localhost", "User-Agent: bench"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def warm(tokens: Sequence[str]) -> list[Request]:
    """The same question of several callers: the cache answers all but the first of each."""
    return [Request("warm", request("POST", "/ml/predict", {"input": row_of()}, token=token)) for token in tokens]


def cold(tokens: Sequence[str], series: int) -> list[Request]:
    """A question that nobody asked before, each time."""
    text = json.dumps({"input": row_of(mean_texture="?")}).replace('"?"', f"1{series}.{NUMBER.decode()}")
    return [Request("cold", request("POST", "/ml/predict", raw=text.encode(), token=token)) for token in tokens]


def bad(token: str) -> list[Request]:
    """Requests that have to be refused, each with its status."""
    post, good = "/ml/predict", {"input": row_of()}
    refused = {
        "no token": (401, request("POST", post, good)),
        "broken token": (401, request("POST", post, good, token=token[:-8] + "AAAAAAAA")),
        "no JSON": (400, request("POST", post, raw=b'{"input": ', token=token)),
        "no input": (400, request("POST", post, {}, token=token)),
        "unknown field": (400, request("POST", post, {**good, "more": 1}, token=token)),
        "NaN": (400, request("POST", post, raw=b'{"input": {"age": NaN}}', token=token)),
        "unknown path": (404, request("GET", "/no/such/path", token=token)),
    }
    return [Request(kind, content, frozenset({status})) for kind, (status, content) in refused.items()]


def mixed(tokens: Sequence[str]) -> list[Request]:
    """Ten requests, one of them bad, for each kind of bad request."""
    good = warm(tokens)
    return [one for wrong in bad(tokens[0]) for one in (*(good[at % len(good)] for at in range(9)), wrong)]


def writes(token: str, name: str) -> list[Request]:
    """A record each time, to be found again by its number."""
    body = {"payload": {}, "attributes": {"series": name, "number": NUMBER.decode()}}
    # What a killed process was doing is answered with 502, and calls above the route's rate with 429: no promise then.
    return [Request("write", request("POST", "/data", body, token=token), frozenset({201, 429, 502}))]


def send(
    port: int,
    requests: Sequence[Request],
    *,
    connections: int = 16,
    seconds: float = 3.0,
    pause_s: float = 0.0,
    meanwhile: Callable[[], None] | None = None,
) -> Answers:
    """Sends them round in a process of its own, so that it takes no time from the gateway's interpreter.

    Args:
        port: of the gateway.
        requests: each connection takes the next one.
        connections: kept open.
        seconds: how long requests are begun.
        pause_s: between an answer and the next request of its connection.
        meanwhile: runs in a thread while they are sent.
    """
    plan = {
        "port": port,
        "connections": connections,
        "seconds": seconds,
        "pause_s": pause_s,
        "requests": [{"kind": one.kind, "bytes": base64.b64encode(one.content).decode()} for one in requests],
    }
    side = threading.Thread(target=meanwhile) if meanwhile is not None else None
    before = ticks()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.driver.client"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if side is not None:
        side.start()
    out, _ = process.communicate(json.dumps(plan), timeout=seconds + 60)
    if side is not None:
        side.join()
    if process.returncode:
        raise RuntimeError(f"the load ended with {process.returncode}")
    found = json.loads(out)
    spent, stolen = (after - begun for after, begun in zip(ticks(), before, strict=True))
    rows = [tuple(row) for row in found["rows"]]
    return Answers(requests, seconds, rows, found["sent"], found["used_s"], stolen / max(spent, 1))


def ticks() -> tuple[int, int]:
    """Processor time of the whole machine so far, and how much of it its host gave to others."""
    stat = Path("/proc/stat")
    if not stat.is_file():
        return 0, 0
    # user, nice, system, idle, iowait, irq, softirq, steal
    fields = [int(field) for field in stat.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[7]


def middle(values: Sequence[float]) -> float:
    """The median, in microseconds."""
    return median(values) * 1e6
