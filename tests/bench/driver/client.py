"""Asks an API over kept connections and tells what became of each request: a process of its own, a plan on its input.

The plan is JSON: `port`, `connections`, `seconds`, `pause_s` between an answer and the next request of a connection,
and `requests` (`kind` and the bytes in base64), of which each connection takes one after the other. `@@@@@@@@` in a
request becomes its number, so that requests differ and a write can be found again. The answer is JSON: `rows` of
[kind, number, status, when it began, how long it took], a status of 0 where no answer came; and `used_s`, the
processor time of all that.
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import sys
import time
from itertools import count
from typing import Any

NUMBER = b"@@@@@@@@"
LENGTH = b"content-length: "
PATIENCE_S = 40.0
"""How long after the end an answer may still come: longer than the gateway lets anything take."""
Row = tuple[int, int, int, float, float]


class Load:
    """What all connections share."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.kinds = [request["kind"] for request in plan["requests"]]
        self.requests = [base64.b64decode(request["bytes"]) for request in plan["requests"]]
        self.port, self.pause_s = int(plan["port"]), float(plan.get("pause_s", 0))
        self.numbers = count()
        self.rows: list[Row] = []
        self.until = time.perf_counter() + float(plan["seconds"])
        self.left = int(plan["connections"])
        self.finished = asyncio.Event()

    def over(self) -> bool:
        """Whether no request is begun any more."""
        return time.perf_counter() >= self.until

    def ended(self) -> None:
        """One connection has nothing more to ask."""
        self.left -= 1
        if not self.left:
            self.finished.set()


class Connection(asyncio.Protocol):
    """One connection that asks again as soon as it was answered; one that breaks is made anew."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: Any = None
        self.buffer = b""
        self.asked: tuple[int, int, float] | None = None
        self.done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the first time."""
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Sends the next request, or ends."""
        load = self.load
        if load.over():
            self.done = True
            self.transport.close()
            load.ended()
            return
        number = next(load.numbers)
        kind = number % len(load.requests)
        request = load.requests[kind]
        if NUMBER in request:
            request = request.replace(NUMBER, b"%08d" % number)
        self.asked = (kind, number, time.perf_counter())
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Takes what arrived; a whole answer leads to the next question."""
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.asked is None:
            return
        head = self.buffer[:end]
        at = head.find(LENGTH)
        if at < 0:
            head = head.lower()  # written in another way, or not at all
            at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self.buffer) < end + 4 + length:
            return
        kind, number, began = self.asked
        now = time.perf_counter()
        self.load.rows.append((kind, number, int(self.buffer[9:12]), began, now - began))
        self.buffer, self.asked = b"", None
        if b"connection: close" in head:
            return  # the rest is done when it is closed
        if self.load.pause_s:
            asyncio.get_running_loop().call_later(self.load.pause_s, self.ask_if_open)
        else:
            self.ask()

    def ask_if_open(self) -> None:
        """Asks after a pause, in which the connection may have ended."""
        if not self.transport.is_closing():
            self.ask()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Notes a question without an answer, and connects again."""
        if self.asked is not None:
            kind, number, began = self.asked
            self.load.rows.append((kind, number, 0, began, time.perf_counter() - began))
        if not self.done:
            loop = asyncio.get_running_loop()
            self.task = loop.create_task(connect(self.load))


async def connect(load: Load) -> None:
    """Opens one connection; the number of them stays the same until the end."""
    if load.over():
        load.ended()
        return
    await asyncio.get_running_loop().create_connection(lambda: Connection(load), "127.0.0.1", load.port)


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Carries a plan out."""
    load, before = Load(plan), time.process_time()
    for _ in range(load.left):
        await connect(load)
    async with asyncio.timeout(float(plan["seconds"]) + PATIENCE_S):
        await load.finished.wait()
    used_s = time.process_time() - before
    return {"rows": load.rows, "kinds": load.kinds, "sent": next(load.numbers), "used_s": used_s}


def main() -> None:
    """Reads the plan, and writes what came of it."""
    plan = json.load(sys.stdin)
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    json.dump(asyncio.run(run(plan)), sys.stdout)


if __name__ == "__main__":
    main()
