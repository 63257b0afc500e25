"""Predictions while Redis is in trouble: each of the nine faults through the whole handler."""

from __future__ import annotations

import time

import pytest

from functions.predictions.logic import Predictor
from functions.predictions.operations import METRICS, operations
from functions.shared.cache.breaker import Cache
from functions.shared.cache.resp import Dialer
from tests.functions.support.apps import Client
from tests.functions.support.faults import FAULTS, FaultyProxy
from tests.functions.support.models import CountingModel, NoModels
from tests.functions.support.redis import real_redis

BODY = {"input": {"age": 52}}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_is_answered_and_the_cache_comes_back(fault: str) -> None:
    with real_redis() as server, FaultyProxy(server.port) as proxy:
        memory = Cache(Dialer("127.0.0.1", proxy.port, password=lambda: b"", tls=False))
        model = CountingModel("v1")
        predictor = Predictor(
            model, memory, model, endpoint="predict", new_id=lambda: f"id-{len(model.asked)}", live_memory_s=0
        )
        client = Client(operations(predictor, NoModels()), METRICS)

        def ask() -> int:
            return client.call("POST", "/v1/ml/predict", body=BODY).status

        try:
            assert [ask(), ask()] == [200, 200]
            proxy.break_by(fault)
            assert [ask() for _ in range(5)] == [200] * 5
            proxy.mend()
            until = time.monotonic() + 10
            while ask() == 200 and client.lines[-1]["metadata"]["cache"] != "hit":
                assert time.monotonic() < until
                time.sleep(0.02)
            sources = [line["metadata"]["cache"] for line in client.lines]
            assert sources[:2] == ["miss", "hit"]
            assert sources[-1] == "hit"
        finally:
            memory.close()
