"""The parts of a request by themselves: a plain function behind the gateway, the runtime client alone, each step."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cloud import Cloud
from sandbox.gateway import App, Chain, Server
from sandbox.gateway.authorize import fetch_from
from sandbox.gateway.context import Answer, Exchange
from sandbox.gateway.context.exchange import Header
from sandbox.gateway.declared import Stage, stages
from sandbox.gateway.invoke import event
from sandbox.gateway.respond import respond
from sandbox.gateway.serving.connection import Turn
from sandbox.gateway.serving.writing import Reply
from sandbox.lambdas import Functions
from sandbox.lambdas.encode import encode
from sandbox.ledger import Ledger, Resource
from sandbox.state import LEDGER
from tests.bench.driver.asked import Request, middle, request
from tests.bench.gateway import Nothing, Redirect, declared, keys
from tests.journeys.support.deployed import Deployed, row_of
from tests.sandbox.gateway.documents import token

ROUNDS = 2000
AT_ONCE = 16
EVENT = json.dumps({"body": json.dumps({"input": {"age": 41.5}})}).encode()


class Bare:
    """An application that does nothing but call the function: what HTTP and the runtime cost by themselves."""

    body_s = 30.0
    refusal: Reply | None = None

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def turn(self, verb: str, target: bytes, headers: list[Header], source: str, version: str) -> Turn:
        """Any request is the same."""
        del verb, target, headers, source, version
        return self

    async def answer(self, body: bytes) -> Reply:
        """The function's answer."""
        del body
        return Reply(Answer(200, (), (await self._functions.invoke("plain", EVENT)).payload))

    def refuse(self, kind: str, status: int) -> Reply:
        """The answer to a request that is given up."""
        return Reply(Answer(status, (), kind.encode()))


@dataclass
class Plain:
    """A gateway with a function that only answers."""

    functions: Functions
    stage: Stage

    def serve(self) -> Server:
        """The gateway; close it."""
        chain = Chain(self.stage, Redirect(self.functions, "plain"), keys, self.functions.logs)
        return Server(App({"api": chain}), self.functions.edge, 0)

    def bare(self) -> Server:
        """A gateway of no steps, which hands each request to the function as it is; close it."""
        return Server(Bare(self.functions), self.functions.edge, 0)

    def requests(self) -> list[Request]:
        """What it answers."""
        body = {"input": {"age": 41.5, "name": "somebody"}}
        return [Request("plain", request("POST", "/predict", body, token=token()))]

    def alone(self, seconds: float) -> float:
        """Calls a second of the function by itself, some at once, without a gateway."""

        async def caller(until: float) -> int:
            count = 0
            while time.perf_counter() < until:
                await self.functions.invoke("plain", EVENT)
                count += 1
            return count

        async def callers() -> int:
            until = time.perf_counter() + seconds
            return sum(await asyncio.gather(*(caller(until) for _ in range(AT_ONCE))))

        self.functions.edge.run(callers())  # the processes start
        began = time.perf_counter()
        return self.functions.edge.run(callers()) / (time.perf_counter() - began)


@contextmanager
def plain() -> Iterator[Plain]:
    """The function's processes run as long as it is open."""
    with tempfile.TemporaryDirectory() as folder:
        cloud = Cloud()
        cloud.start(0)
        functions = Functions(cloud, Path(folder) / "functions")
        try:
            made = declared(Path(folder), 0)
            functions.attach(made)
            yield Plain(functions, stages(made, cloud.region, cloud.account)["api"])
        finally:
            functions.close()
            cloud.stop()


def deployed_stage(box: Deployed) -> Stage:
    """The stage as the running sandbox serves it."""
    document = json.loads((box.place.home / LEDGER).read_text(encoding="utf-8"))
    ledger = Ledger(document["stack"], document["project"])
    for row in document["resources"]:
        ledger.add(Resource(**row))
    return stages(ledger, box.state.region, "123456789012")["api"]


def breakdown(box: Deployed, access: str) -> list[tuple[str, float]]:
    """Microseconds of each step of a prediction in the gateway, measured one by one outside it."""
    stage = deployed_stage(box)
    content = request("POST", "/ml/predict", {"input": row_of()}, token=access)
    head, _, body = content.partition(b"\r\n\r\n")
    lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    headers = [(name.lower(), value) for name, value in lines]
    answer = b'{"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{\\"predictionId\\": 1}"}'
    return asyncio.run(_steps(Chain(stage, Nothing(), fetch_from(box.state.aws_endpoint)), headers, body, answer))


async def _steps(
    chain: Chain, headers: list[tuple[bytes, bytes]], body: bytes, answer: bytes
) -> list[tuple[str, float]]:
    def exchange() -> Exchange:
        return Exchange(chain.stage, "POST", "/v1/ml/predict", b"", headers, body=body)

    def take(one: Exchange) -> None:
        chain._throttle._default._tokens = 1e9
        chain._throttle(one)

    found = [("exchange", _timed(lambda _: exchange(), exchange))]
    sample = exchange()
    found.append(("route", _timed(chain._route, exchange)))
    chain._route(sample)

    def routed() -> Exchange:
        one = exchange()
        chain._route(one)
        return one

    began = time.perf_counter()
    await chain._authorize(sample)
    found.append(("token, first time (keys fetched)", (time.perf_counter() - began) * 1e6))
    took = []
    for _ in range(ROUNDS):
        one = routed()
        began = time.perf_counter()
        await chain._authorize(one)
        took.append(time.perf_counter() - began)
    found.append(("token, known", middle(took)))
    found.append(("throttle", _timed(take, routed)))
    found.append(("schema", _timed(chain._validate, routed)))

    def signed_in() -> Exchange:
        one = routed()
        one.claims = sample.claims
        return one

    found.append(("event for the function", _timed(lambda one: encode(event(one)), signed_in)))
    found.append(("answer of the function", _timed(lambda one: respond(one, answer), signed_in)))
    return found


def _timed(step: Callable[[Exchange], Any], make: Callable[[], Exchange]) -> float:
    took = []
    for _ in range(ROUNDS):
        one = make()
        began = time.perf_counter()
        step(one)
        took.append(time.perf_counter() - began)
    return middle(took)
