"""Requests/s and latency of the sandbox's gateway, and where the time goes: `python -m tests.bench.gateway [seconds]`.

Three stages over HTTP/1.1, each with 1 and 8 connections kept open: the gateway alone (token, schema, proxy event,
access log; nothing behind it), with a real function process, and with that function reading a real Redis by TLS.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from typing import Any

from sandbox.cache import Caches
from sandbox.cloud import Cloud
from sandbox.gateway import App, Chain, Server
from sandbox.gateway.declared import Stage, stages
from sandbox.gateway.invoke import Runner
from sandbox.lambdas import Functions, Invocation
from sandbox.lambdas.archives import host
from sandbox.ledger import Ledger
from tests.sandbox.gateway.documents import HELLO, add, jwks, ledger, token

CODE = """
import json, os, socket, ssl
cache = None
def open_cache():
    raw = socket.create_connection(("127.0.0.1", int(os.environ["CACHE_PORT"])))
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made = ssl.create_default_context().wrap_socket(raw, server_hostname="127.0.0.1")
    made.sendall(b"*2\\r\\n$4\\r\\nAUTH\\r\\n$5\\r\\ntoken\\r\\n*3\\r\\n$3\\r\\nSET\\r\\n$1\\r\\nk\\r\\n$5\\r\\nvalue\\r\\n")
    while made.recv(100).count(b"OK") < 1: pass
    return made
def plain(event, context):
    return {"statusCode": 200, "body": json.dumps({"age": json.loads(event["body"])["input"]["age"]})}
def cached(event, context):
    global cache
    cache = cache or open_cache()
    cache.sendall(b"*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\nk\\r\\n")
    return {"statusCode": 200, "body": json.dumps({"cached": cache.recv(100).decode("ascii", "replace")})}
"""

BODY = b'{"input": {"age": 41.5, "name": "somebody"}}'
FORMAT = '{"requestId":"$context.requestId","status":$context.status,"ms":$context.responseLatency}'


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, request: bytes, until: float, done: Callable[[Caller], None]) -> None:
        self.request, self.until, self.done = request, until, done
        self.took: list[float] = []
        self.failed = 0
        self.transport: Any = None
        self.buffer = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if not head or len(body) < length:
            return
        now = time.perf_counter()
        self.took.append(now - self.began)
        self.failed += not self.buffer.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        if now < self.until:
            self.ask()
        else:
            self.done(self)


async def load(port: int, request: bytes, connections: int, seconds: float) -> tuple[list[float], int]:
    """Asks over some connections for a while; the latencies and how many answers were no 200."""
    loop = asyncio.get_running_loop()
    finished: asyncio.Queue[Caller] = asyncio.Queue()
    until = time.perf_counter() + seconds
    callers = [Caller(request, until, finished.put_nowait) for _ in range(connections)]
    waiting = iter(callers)
    for _ in callers:
        await loop.create_connection(lambda: next(waiting), "127.0.0.1", port)
    for _ in callers:
        await finished.get()
    return [took for caller in callers for took in caller.took], sum(caller.failed for caller in callers)


def measure(port: int, connections: int, seconds: float) -> str:
    """One row, from a load process of its own so that it takes no time from the gateway's interpreter."""
    request = (
        b"POST /api/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"User-Agent: bench\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b"
        % (token().encode(), len(BODY), BODY)
    )
    command = [sys.executable, "-m", "tests.bench.gateway", "--load", str(port), str(connections), str(seconds)]
    before = time.process_time()
    answer = subprocess.run(command, input=request, capture_output=True, check=True)
    used = time.process_time() - before
    took, failed = json.loads(answer.stdout)
    cut = quantiles(took, n=100)
    rate = len(took) / seconds
    own = used / len(took) * 1e6
    return f"{rate:8.0f} {cut[49] * 1e6:9.0f} {cut[98] * 1e6:9.0f} {own:9.0f} {failed:7d}"


def declared(directory: Path, port: int) -> Ledger:
    """An API, its function and its log."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", CODE)
    path = directory / "app.zip"
    path.write_bytes(archive.getvalue())
    log = {"destinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:/api", "format": FORMAT}
    made = ledger(accessLogSettings=log)
    for handler in ("plain", "cached"):
        inputs = {
            "name": handler,
            "handler": f"app.{handler}",
            "runtime": host()[1],
            "architectures": [host()[0]],
            "code": {"path": str(path)},
            "environment": {"variables": {"CACHE_PORT": str(port)}},
        }
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{handler}"
        add(made, "aws:lambda/function:Function", handler, inputs, {"arn": arn})
    return made


class Nothing:
    """Answers at once."""

    async def invoke(
        self,
        name_or_arn: str,
        payload: bytes,
        *,
        timeout_s: float | None = None,
        qualifier: str = "",
        trace: str = "",
        tail: bool = False,
    ) -> Invocation:
        """The same answer for every call."""
        return Invocation(HELLO, None, "", 0.0)


class Redirect:
    """Sends every call to one function, whatever the document names."""

    def __init__(self, functions: Functions, name: str) -> None:
        self.functions, self.name = functions, name

    async def invoke(
        self,
        name_or_arn: str,
        payload: bytes,
        *,
        timeout_s: float | None = None,
        qualifier: str = "",
        trace: str = "",
        tail: bool = False,
    ) -> Invocation:
        """Calls the one function."""
        return await self.functions.invoke(self.name, payload, timeout_s=timeout_s, trace=trace)


async def keys(_pool: str) -> bytes:
    """The keys of the user pool."""
    return jwks()


def main(seconds: float) -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        cloud = Cloud()
        cloud.start(0)
        caches = Caches(cloud, directory / "cache")
        _, port = caches.create("token")
        functions = Functions(cloud, directory / "functions", environment=caches.environment)
        made = declared(directory, port)
        functions.attach(made)
        stage: Stage = stages(made, cloud.region, cloud.account)["api"]
        cases: dict[str, Runner] = {
            "gateway alone": Nothing(),
            "with a function": Redirect(functions, "plain"),
            "with function and cache": Redirect(functions, "cached"),
        }
        print(f"{'':26}{'conn':>5} {'req/s':>8} {'p50 µs':>9} {'p99 µs':>9} {'own CPU µs':>9} {'failed':>7}")
        for name, runner in cases.items():
            server = Server(App({"api": Chain(stage, runner, keys, functions.logs)}), functions.edge, 0)
            for connections in (1, 8):
                measure(server.port, connections, 2.0)
                print(f"{name:26}{connections:5} {measure(server.port, connections, seconds)}")
            server.close()
        functions.close()
        caches.close()
        cloud.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        found = asyncio.run(load(int(sys.argv[2]), sys.stdin.buffer.read(), int(sys.argv[3]), float(sys.argv[4])))
        print(json.dumps(found))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 3.0)
