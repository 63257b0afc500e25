"""A function is called where its own policy names the method, and nowhere else."""

from __future__ import annotations

import asyncio
import json

import pytest

from sandbox.callers import Caller
from sandbox.gateway import Chain
from sandbox.gateway.context import Exchange
from sandbox.gateway.permission import KNOWN_S, Permission
from tests.sandbox.gateway.documents import FakeFunctions, jwks, token
from tests.sandbox.gateway.test_program import STAGE

PATH = "/v1/models"


class Policy:
    """The judge; what a test puts into `why` is its answer."""

    def __init__(self, why: str = "") -> None:
        self.why = why
        self.asked: list[tuple[Caller, str, str, str]] = []

    def __call__(self, caller: Caller, action: str, resource: str, region: str) -> str:
        self.asked.append((caller, action, resource, region))
        return self.why


async def keys(_pool: str) -> bytes:
    return jwks()


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(STAGE, "GET", PATH, b"", [(b"authorization", f"Bearer {token()}".encode())])


def test_the_functions_policy_is_asked_for_the_method(exchange: Exchange) -> None:
    policy, functions = Policy(), FakeFunctions()
    answer = asyncio.run(Chain(STAGE, functions, keys, permitted=Permission(policy))(exchange))
    assert answer.status == 200
    [(caller, action, resource, region)] = policy.asked
    assert (caller.principal, action) == ("service:apigateway.amazonaws.com", "lambda:InvokeFunction")
    assert caller.context["aws:sourcearn"] == (
        f"arn:aws:execute-api:{STAGE.region}:{STAGE.account}:abc123/api/GET{PATH}",
    )
    assert (resource, region) == (functions.names[0], STAGE.region)


def test_a_function_that_lets_nobody_in_is_not_called_and_the_log_says_why(exchange: Exchange) -> None:
    functions = FakeFunctions()
    answer = asyncio.run(Chain(STAGE, functions, keys, permitted=Permission(Policy("not allowed")))(exchange))
    assert (answer.status, functions.names) == (500, [])
    assert b"not allowed" not in answer.body
    assert json.loads(answer.body)["error"]["code"] == "internal"
    assert exchange.integration_error == "not allowed"


def test_what_was_allowed_is_asked_again_after_a_moment(exchange: Exchange) -> None:
    policy = Policy()
    chain = Chain(STAGE, FakeFunctions(), keys, permitted=Permission(policy))
    for _ in range(3):
        asyncio.run(chain(exchange))
    assert len(policy.asked) == 1
    exchange.began += KNOWN_S
    asyncio.run(chain(exchange))
    assert len(policy.asked) == 2
