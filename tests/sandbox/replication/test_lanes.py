"""Lanes: a lag that can be changed, order, pauses and lost regions, counters, and an end that tells what is left."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.s3.models import s3_backends

from sandbox.replication.lanes import CopyError, Lanes, Write
from tests.sandbox.replication.support import EAST, WEST, Hands, Pair, buckets, items, table


class Far:
    """The other region: remembers what was copied."""

    def __init__(self, hands: Hands) -> None:
        self.copied: list[str] = []
        self.hands = hands

    def write(self, key: str, source: str = EAST, target: str = WEST, fault: Exception | None = None) -> Write:
        """A write that arrives here."""

        def copy() -> bool:
            if fault is not None:
                raise fault
            self.copied.append(key)
            return True

        return Write(
            kind="s3",
            source=source,
            target=target,
            name="bucket",
            key=key,
            operation="put",
            written=self.hands(),
            copy=copy,
        )


@pytest.fixture
def far(hands: Hands) -> Far:
    return Far(hands)


@pytest.fixture
def lanes(hands: Hands) -> Lanes:
    return Lanes(10, hands)


def test_what_is_paused_waits_in_order(lanes: Lanes, far: Far, hands: Hands) -> None:
    lanes.pause()
    for key in "abc":
        lanes.add(far.write(key))
    hands.turn(60)
    assert lanes.copy_due() == 0
    assert [write["key"] for write in lanes.pending()] == ["a", "b", "c"]
    lanes.resume()
    assert lanes.copy_due() == 3
    assert far.copied == ["a", "b", "c"]


def test_a_lost_region_holds_only_its_own_lanes(lanes: Lanes, far: Far, hands: Hands) -> None:
    lanes.hold(EAST)
    lanes.add(far.write("out"))
    lanes.add(far.write("in", WEST, EAST))
    lanes.add(far.write("other", WEST, "eu-west-1"))
    hands.turn(60)
    lanes.copy_due()
    assert far.copied == ["other"]
    assert [lane["held"] for lane in lanes.state()["lanes"]] == [True, False, True]
    lanes.release(EAST)
    lanes.copy_due()
    assert sorted(far.copied) == ["in", "other", "out"]


def test_a_shorter_lag_counts_for_what_waits_already(lanes: Lanes, far: Far, hands: Hands) -> None:
    lanes.add(far.write("a"))
    hands.turn(5)
    assert lanes.copy_due() == 0
    lanes.lag_s = 5
    assert lanes.copy_due() == 1


def test_counters_tell_what_waits_since_when_and_how_long_a_copy_took(lanes: Lanes, far: Far, hands: Hands) -> None:
    lanes.add(far.write("a"))
    written = hands()
    hands.turn(12)
    lanes.add(far.write("b"))
    hands.turn(3)
    lanes.copy_due()
    (lane,) = lanes.state()["lanes"]
    assert (lane["pending"], lane["replicated"], lane["oldest_s"]) == (1, 1, 3)
    assert (lane["latency_s"], lane["last_written"]) == (15, written)


@pytest.mark.parametrize("fault", [CopyError("no bucket"), KeyError("no bucket")], ids=["known", "defect"])
def test_a_write_that_fails_is_told_and_holds_nobody(
    lanes: Lanes, far: Far, hands: Hands, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    lanes.add(far.write("a", fault=fault))
    lanes.add(far.write("b"))
    hands.turn(11)
    lanes.copy_due()
    (lane,) = lanes.state()["lanes"]
    assert (lane["failed"], lane["replicated"]) == (1, 1)
    assert "no bucket" in lane["failures"][0]
    assert "not replicated: s3 bucket a from us-east-1 to us-west-2" in caplog.text


@pytest.mark.parametrize("lag", [-1, 86_401, float("nan"), "5", True], ids=repr)
def test_a_lag_that_is_none_is_refused(lanes: Lanes, lag: float) -> None:
    with pytest.raises(ValueError, match="give seconds from 0 to 86400"):
        lanes.lag_s = lag


@settings(deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.integers(0, 20),
            st.sampled_from(["pause", "resume", "lose", "find", "copy"]),
            st.tuples(st.sampled_from("xyz")),
        ),
        max_size=40,
    )
)
def test_whatever_happens_each_write_arrives_once_and_in_order(steps: list[int | str | tuple[str]]) -> None:
    hands = Hands()
    lanes, far = Lanes(10, hands), Far(hands)
    written: list[str] = []
    acts = {
        "pause": lanes.pause,
        "resume": lanes.resume,
        "lose": lambda: lanes.hold(WEST),
        "find": lambda: lanes.release(WEST),
        "copy": lanes.copy_due,
    }
    for step in steps:
        if isinstance(step, int):
            hands.turn(step)
        elif isinstance(step, str):
            acts[step]()
        else:
            written.append(f"{step[0]}{len(written)}")
            lanes.add(far.write(written[-1]))
        assert far.copied + [write["key"] for write in lanes.pending()] == written
    lanes.resume()
    lanes.release(WEST)
    hands.turn(11)
    lanes.copy_due()
    assert far.copied == written


def test_by_itself_it_copies_as_time_passes() -> None:
    lanes, arrived = Lanes(0), threading.Event()
    lanes.start()

    def copy() -> bool:
        arrived.set()
        return True

    lanes.add(Write(kind="s3", source=EAST, target=WEST, name="b", key="k", operation="put", written=0.0, copy=copy))
    assert arrived.wait(10)
    assert lanes.settle(10)
    assert lanes.close() == []


def test_the_end_tells_what_is_not_in_the_other_region(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    table(pair).put_item(TableName="models", Item={"id": {"S": "a"}})
    pair.replication.close()
    told = "2 acknowledged writes are not in the other region: 1 dynamodb us-east-1 to us-west-2, 1 s3 us-east-1"
    assert told in caplog.text


def test_ten_thousand_acknowledged_writes_older_than_the_lag_are_in_the_second_region(pair: Pair) -> None:
    client = table(pair)
    names = [f"{number:05}" for number in range(10_000)]
    for at in range(0, len(names), 25):
        batch = [{"PutRequest": {"Item": {"id": {"S": name}}}} for name in names[at : at + 25]]
        assert not client.batch_write_item(RequestItems={"models": batch})["UnprocessedItems"]
    pair.hands.turn(5)
    client.put_item(TableName="models", Item={"id": {"S": "younger"}})
    pair.hands.turn(5)
    assert pair.replication.copy_due() == 10_000
    assert sorted(items(pair, WEST)) == names
    assert [write["key"] for write in pair.replication.pending()] == ['{"id": {"S": "younger"}}']


def test_ten_thousand_acknowledged_objects_older_than_the_lag_are_in_the_second_region(pair: Pair) -> None:
    buckets(pair)
    keys = [f"{number:05}" for number in range(10_000)]
    first, rest = keys[:250], keys[250:]
    for key in first:
        pair.s3.put_object(Bucket="here", Key=key, Body=key.encode())
    # A bucket takes one object a request: the rest goes to the service directly, without HTTP between.
    service = s3_backends[pair.cloud.account]["aws"]
    for key in rest:
        service.put_object("here", key, key.encode())
    pair.hands.turn(5)
    pair.s3.put_object(Bucket="here", Key="younger", Body=b"")
    pair.hands.turn(5)
    assert pair.replication.copy_due() == 10_000
    there = service.buckets["there"].keys
    assert sorted(there) == keys
    assert all(there[key].value == key.encode() for key in rest[::100])
    assert [write["key"] for write in pair.replication.pending()] == ["younger"]
