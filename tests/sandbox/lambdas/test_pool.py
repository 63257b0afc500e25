"""Calls go to processes that live, whatever is still heard from those that do not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sandbox.lambdas.instance import Call, Instance, Record, new_id
from sandbox.lambdas.loop import Deadlines
from sandbox.lambdas.plan import Plan
from sandbox.lambdas.pool import Pool
from sandbox.lambdas.runtime_api import RuntimeApi

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
PLAN = Plan("f", "arn:aws:lambda:us-east-1:123456789012:function:f", "us-east-1", "app.handler", "python3.11", {})


class Connection:
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def set_write_buffer_limits(self, high: int) -> None:
        assert high

    def is_closing(self) -> bool:
        return False

    def write(self, content: bytes) -> None:
        self.sent.append(content)


class Started:
    """A pool of instances without processes, each with a connection that a test speaks on."""

    def __init__(self, directory: Path, limit: int) -> None:
        self.directory = directory
        self.pool = Pool(PLAN, "1", self, limit)
        self.made: list[tuple[Instance, RuntimeApi, Connection]] = []
        self.records: list[Record] = []

    def launch(self, pool: Pool) -> Instance:
        loop = asyncio.get_running_loop()
        instance = Instance(pool.plan, pool.version, f"stream-{len(self.made)}", pool, loop, Deadlines(loop))
        log = self.directory / instance.stream
        log.touch()
        process: Any = SimpleNamespace(pid=len(self.made))
        instance.started(process, log)
        transport: Any = Connection()
        api = RuntimeApi(instance)
        api.connection_made(transport)
        self.made.append((instance, api, transport))
        return instance

    def record(self, record: Record) -> None:
        self.records.append(record)


def call() -> Call:
    return Call(new_id(), PLAN.arn, b"{}", "", asyncio.get_running_loop().create_future())


def test_a_killed_process_that_asked_for_work_just_before_gets_none(tmp_path: Path) -> None:
    async def told() -> None:
        starter = Started(tmp_path, limit=2)
        cut, later = call(), call()
        starter.pool.submit(cut)
        (first, api, gone) = starter.made[0]
        api.data_received(NEXT)
        # The end is noticed by a thread, before the loop has read all that the process had sent.
        first.exited(-9)
        assert json.loads(cut.done.result().payload)["errorType"] == "Runtime.ExitError"
        path = f"/2018-06-01/runtime/invocation/{cut.request_id}/response"
        api.data_received(f"POST {path} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}".encode() + NEXT)
        starter.pool.submit(later)
        (_, second, living) = starter.made[1]
        second.data_received(NEXT)
        assert later.request_id.encode() in living.sent[0]
        assert later.request_id.encode() not in b"".join(gone.sent)
        assert gone.sent[-1].startswith(b"HTTP/1.1 400")

    asyncio.run(told())


def test_who_waits_is_served_by_the_next_process_when_all_are_killed(tmp_path: Path) -> None:
    async def told() -> None:
        starter = Started(tmp_path, limit=1)
        cut, waiting = call(), call()
        starter.pool.submit(cut)
        starter.pool.submit(waiting)
        (first, api, _) = starter.made[0]
        api.data_received(NEXT)
        first.exited(-9)
        api.data_received(NEXT)
        assert not waiting.done.done()
        (_, second, living) = starter.made[1]
        second.data_received(NEXT)
        assert waiting.request_id.encode() in living.sent[0]
        assert [record.request_id for record in starter.records] == [cut.request_id]

    asyncio.run(told())
