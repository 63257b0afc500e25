"""What becomes of a callback: signed, delivered, tried again, given up."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from functions.callbacks.delivery import FailedError
from functions.callbacks.logic import Callbacks, signed
from functions.shared.aws.queues import LaterError, Message
from functions.shared.batches.outward import RefusedError
from functions.shared.models import ChangedError
from functions.shared.signing import Key, KeyRing

NOW, BODY = 1_790_000_000.5, b'{"batchId":"b"}'
OLD, NEW = "o" * 40, "n" * 40
URL = "https://app.example.org/hook"


def ring(until: float = NOW + 60) -> KeyRing:
    return KeyRing((Key("new", NEW), Key("old", OLD, until)))


def signature(secret: str) -> str:
    return "v1=" + hmac.new(secret.encode(), b"1790000000." + BODY, "sha256").hexdigest()


class Poster:
    """Answers as a test wants."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[str, dict[str, str], bytes]] = []

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.sent.append((url, dict(headers), body))
        found = self._answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Record:
    """One record, or none."""

    def __init__(self, state: str | None = "SENT") -> None:
        self.state = state

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        assert batch_id == "b"
        if self.state not in where["callback"]:
            raise ChangedError
        self.state = str(values["callback"])
        return {}


def callbacks(poster: Poster, record: Record) -> Callbacks:
    return Callbacks(poster=poster, record=record, ring=ring, tries=4, first_wait_s=30, clock=lambda: NOW)


def message(tries: int = 1) -> Message:
    return Message({"batchId": "b", "url": URL, "body": BODY.decode()}, tries, lambda: 30.0)


def test_a_callback_is_signed_by_every_key_in_force_over_its_time_and_its_bytes() -> None:
    assert signed(ring(), NOW, BODY) == {
        "X-Signature-Timestamp": "1790000000",
        "X-Signature": f"{signature(NEW)},{signature(OLD)}",
    }


def test_a_key_that_has_ended_signs_no_more() -> None:
    assert signed(ring(until=NOW - 1), NOW, BODY)["X-Signature"] == signature(NEW)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_good_answer_ends_it(status: int) -> None:
    poster, record = Poster(status), Record()
    assert callbacks(poster, record).take(message())["answered"] == status
    assert record.state == "DELIVERED"
    assert poster.sent[0][0] == URL
    assert poster.sent[0][2] == BODY


@pytest.mark.parametrize("answer", [301, 302, 400, 404, 429, 500, FailedError("TimeoutError")])
@pytest.mark.parametrize(("tries", "wait_s"), [(1, 30), (2, 60), (3, 120)])
def test_any_other_answer_is_tried_again_later_each_time(answer: int | Exception, tries: int, wait_s: int) -> None:
    record = Record()
    with pytest.raises(LaterError) as found:
        callbacks(Poster(answer), record).take(message(tries))
    assert (found.value.wait_s, record.state) == (wait_s, "SENT")


def test_the_last_try_says_so_and_leaves_the_message_to_the_dead_ones() -> None:
    record = Record()
    with pytest.raises(LaterError) as found:
        callbacks(Poster(500), record).take(message(4))
    assert (found.value.wait_s, record.state) == (0, "UNDELIVERED")


def test_a_refused_address_is_not_tried_again() -> None:
    record = Record()
    found = callbacks(Poster(RefusedError("inside")), record).take(message())
    assert (found["metrics"], record.state) == ({"CallbacksRefused": 1}, "REFUSED")


def test_a_message_that_was_moved_back_by_hand_is_delivered_after_all() -> None:
    record = Record("UNDELIVERED")
    callbacks(Poster(200), record).take(message())
    assert record.state == "DELIVERED"


@pytest.mark.parametrize("state", [None, "DELIVERED"])
def test_a_record_that_is_gone_or_knows_better_stops_nothing(state: str | None) -> None:
    record = Record(state)
    assert callbacks(Poster(200), record).take(message())["answered"] == 200
    assert record.state == state
