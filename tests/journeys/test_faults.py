"""Parts that die in the middle: callers get an answer all the same, and the part comes back or is not missed."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.journeys.support.caller import Answer, Caller, demo, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
MODEL_DOWN = {(503, "model_unavailable"), (502, "model_failed")}


def said(answer: Answer) -> tuple[int, str]:
    """Status and code of an answer."""
    if answer.status == 200:
        return 200, ""
    code = answer.content["error"]["code"]
    answer.refused(answer.status, code)
    return answer.status, code


ASKED: tuple[tuple[str, str, dict[str, Any] | None, int], ...] = (
    ("POST", "/auth/logout", {"refreshToken": "nobody's"}, 401),
    ("GET", "/dashboard/stats", None, 200),
    ("GET", "/data", None, 200),
    ("POST", "/insights", {"text": "My mother takes this every morning and it works very well for her."}, 200),
    ("GET", "/metrics", None, 403),
    ("GET", "/ml/batches", None, 200),
    ("POST", "/ml/predict", {"input": row_of()}, 200),
    ("GET", "/models", None, 200),
    ("POST", "/training/start", {}, 403),
    ("GET", "/users", None, 403),
)
"""A route of each function whose callers are signed in, and the status that somebody in no group gets."""


def sign_out_counts_within_a_second(spare: Deployed) -> None:
    """Of two people whom each function looks up together, one signs out: without Redis the table is asked."""
    stays, goes = signed_up(spare), signed_up(spare)

    def ask(*callers: Caller) -> None:
        with ThreadPoolExecutor(len(ASKED)) as pool:
            found = pool.map(lambda row: [caller.call(*row[:3]).status for caller in callers], ASKED)
            assert list(found) == [[row[3]] * len(callers) for row in ASKED]

    for _ in range(3):
        ask(stays, goes)
        time.sleep(1)
    assert goes.call("POST", "/auth/logout", {}).status == 204
    ask(stays)
    time.sleep(1)
    ask(stays)
    for row in ASKED:
        goes.call(*row[:3]).refused(401, "token_revoked")


def test_redis_killed_is_not_missed(spare: Deployed, fresh: float) -> None:
    caller, row = demo(spare), row_of(mean_texture=fresh)
    # A new value each time: the model has to be asked, whatever the cache held.
    assert caller.predict(row).status == 200
    spare.kill("redis-server")
    answers = [caller.predict(row_of(mean_texture=fresh + at)) for at in range(10)] + [caller.predict(row)]
    assert [answer.status for answer in answers] == [200] * 11
    assert len({answer.content["predictionId"] for answer in answers}) == 11
    assert caller.predict(row).content["predictionId"] != answers[-1].content["predictionId"]
    sign_out_counts_within_a_second(spare)


def test_model_killed_comes_back_and_the_cache_answers_meanwhile(main: Deployed, user: Caller, fresh: float) -> None:
    known, unknown = row_of(mean_texture=fresh), row_of(mean_texture=fresh + 1)
    kept = user.predict(known).content
    number = main.kill("training.server")
    refused = said(user.predict(unknown))
    assert user.predict(known).content["predictionId"] == kept["predictionId"]
    assert refused in MODEL_DOWN
    answers: list[Answer] = []

    def back() -> bool:
        answers.append(user.predict(unknown))
        return answers[-1].status == 200

    eventually(back, 60, "the model answers again")
    assert {said(answer) for answer in answers[:-1]} <= MODEL_DOWN
    assert answers[-1].content["modelVersion"] == main.state.model_version
    assert number not in main.place.processes()


def test_function_killed_under_load_loses_no_answer(main: Deployed, user: Caller, fresh: float) -> None:
    """Each call is answered, in the platform's form; only those under way in the killed process may be errors."""
    rows = [row_of(mean_texture=fresh + at / 1000) for at in range(120)]
    assert user.predict(rows[0]).status == 200
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(user.predict, row) for row in rows]
        eventually(lambda: sum(future.done() for future in sent) > 20, 60, "20 answers")
        victims = [
            number
            for number, command in main.place.processes().items()
            if command.endswith("awslambdaric functions.predictions.handler.handler")
        ]
        for number in victims:
            os.kill(number, signal.SIGKILL)
        answers = [future.result() for future in sent]
    assert victims
    found = [said(answer) for answer in answers]
    assert len(found) == len(rows)
    assert {kind for kind in found if kind[0] != 200} <= {(502, "internal"), (500, "internal"), (503, "unavailable")}
    assert sum(status == 200 for status, _ in found) >= len(rows) - 4
    assert user.predict(rows[0]).status == 200


def test_stopped_model_is_a_timeout_no_hang(spare: Deployed, fresh: float) -> None:
    caller = demo(spare)
    assert caller.predict(row_of(mean_texture=fresh)).status == 200
    (number,) = [pid for pid, command in spare.place.processes().items() if "training.server" in command]
    os.kill(number, signal.SIGSTOP)
    try:
        assert said(caller.predict(row_of(mean_texture=fresh + 1))) == (504, "timeout")
    finally:
        os.kill(number, signal.SIGCONT)
    assert caller.predict(row_of(mean_texture=fresh + 2)).status == 200
