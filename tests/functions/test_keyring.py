"""The keys that a deployment hands to its functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.keyring.handler import build
from functions.keyring.logic import FIELDS, PAUSE_S, TRIES, collect
from functions.shared.aws.calls import endpoint_of
from functions.shared.tasks import WorkError
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.http import Server, Told
from tests.functions.support.tokens import Pool

POOL = Pool()


def test_keys_come_by_pool_with_what_is_needed_of_them_alone() -> None:
    long = json.loads(POOL.document())
    long["keys"][0]["x5c"] = ["y" * 2000]
    found = collect({"userPools": ["us-east-1_A", "us-west-2_B"]}, lambda _: json.dumps(long).encode())
    assert list(found) == ["us-east-1_A", "us-west-2_B"]
    assert set(found["us-east-1_A"]["keys"][0]) == set(FIELDS)
    # Two pools of two keys each have to fit into an environment of four kilobytes beside all the rest.
    assert len(json.dumps(found)) < 1100


@pytest.mark.parametrize("bad", [OSError("no route"), b"<html>", b"{}", b'{"keys": [{"kty": "RSA"}]}'])
def test_a_pool_that_was_made_a_moment_ago_is_asked_again(bad: bytes | Exception) -> None:
    answers: list[bytes | Exception] = [bad, bad, POOL.document()]
    waited: list[float] = []

    def document(_pool: str) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert collect({"userPools": ["us-east-1_A"]}, document, waited.append)["us-east-1_A"]["keys"]
    assert waited == [PAUSE_S, PAUSE_S]


def test_a_pool_that_gives_no_keys_ends_the_deployment() -> None:
    asked: list[str] = []

    def document(pool: str) -> bytes:
        asked.append(pool)
        raise ConnectionError("status 404")

    with pytest.raises(WorkError, match=r"us-east-1_A gives no keys.*404"):
        collect({"userPools": ["us-east-1_A"]}, document, lambda _: None)
    assert len(asked) == TRIES


@pytest.mark.parametrize("event", [{}, {"userPools": []}, {"userPools": "us-east-1_A"}, {"userPools": [7]}])
def test_an_event_without_pools_is_refused(event: Any) -> None:
    with pytest.raises(WorkError, match="userPools is"):
        collect(event, lambda _: b"")


def test_each_pool_is_asked_in_its_own_region() -> None:
    with Server(Told(body=POOL.document())) as server:
        run, _ = build({**ENVIRONMENT, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.url})
        run({"userPools": ["us-west-2_B"]})
        assert server.asked[0][0] == "/us-west-2_B/.well-known/jwks.json"
    assert endpoint_of("cognito-idp", {"AWS_REGION": "us-west-2"}) == "https://cognito-idp.us-west-2.amazonaws.com"
