"""One caller's pace: counted over all processes, refused above it, and never a reason to fail without Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.api import Operation
from functions.shared.cache.breaker import MOST_WAITING, Cache
from functions.shared.cache.resp import Dialer
from functions.shared.door.pace import REMEMBERED, Pace, of_token
from functions.shared.errors import ApiError
from tests.functions.support.apps import POOL, Client
from tests.functions.support.redis import Server, real_redis


class FakeLedger:
    """Redis as the script leaves it, with one clock for everybody; commands go with the next, as in the cache."""

    def __init__(self) -> None:
        self.now, self.available = 0.0, True
        self.full: dict[bytes, float] = {}
        self.flushes = self.told = 0
        self._waiting: list[tuple[Callable[[int], None], tuple[bytes, ...]]] = []

    def clock(self) -> float:
        return self.now

    def later(self, tell: Callable[[int], None], *words: bytes) -> None:
        self._waiting.append((tell, words))
        self.told += 1

    def flush(self) -> None:
        self.flushes += 1
        self.send()

    def send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for tell, words in waiting:
            self.full[words[3]] = max(self.full.get(words[3], 0), self.now) + int(words[4]) / 1e6
            tell(round((self.full[words[3]] - self.now) * 1e6))


def paces(ledger: FakeLedger, many: int = 1, *, per_second: int = 100, burst: int = 200) -> list[Pace]:
    return [Pace(ledger, per_second=per_second, burst=burst, clock=ledger.clock) for _ in range(many)]


def taken(pace: Pace, ledger: FakeLedger, times: int, user: str = "ada", step_s: float = 0.0) -> int:
    """How many of so many requests are let through."""
    through = 0
    for _ in range(times):
        ledger.now += step_s
        try:
            pace.take(user)
        except ApiError:
            continue
        else:
            through += 1
            ledger.send()
    return through


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger)
    assert taken(pace, ledger, 300) == 200
    assert taken(pace, ledger, 500, step_s=0.002) == 100


def test_each_caller_has_a_pace_of_its_own() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger)
    assert taken(pace, ledger, 300) == 200
    assert taken(pace, ledger, 1, "bob") == 1


def test_processes_share_what_a_caller_has_left() -> None:
    ledger = FakeLedger()
    first, second = paces(ledger, 2)
    assert taken(first, ledger, 150, step_s=0.002) == 150
    let_through = 150 + taken(second, ledger, 300, step_s=0.002)
    # Five of the first one were not settled when it fell silent.
    assert 0 <= let_through - (200 + ledger.now * 100) <= 6


@pytest.mark.parametrize(
    ("step_s", "told"), [(0.001, 10), (0.013, 14), (0.06, 50), (0.2, 100)], ids=["hurry", "brisk", "calm", "slow"]
)
def test_redis_hears_of_a_lot_at_once_and_of_a_few_after_a_moment(step_s: float, told: int) -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger, per_second=1000, burst=2000)
    assert taken(pace, ledger, 100, step_s=step_s) == 100
    # Of a hundred requests; the first is told at once, and then each tenth, or what came within a tenth of a second.
    assert abs(ledger.told - told) <= 1


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 0.05)), max_size=300))
def test_no_order_of_requests_gets_much_more_than_the_limit(calls: list[tuple[int, float]]) -> None:
    ledger = FakeLedger()
    several = paces(ledger, 3, burst=20)
    through = sum(taken(several[which], ledger, 1, step_s=step_s) for which, step_s in calls)
    # Each process settles every 10 ms: what it lets through meanwhile is one at this rate, and its first blindly.
    assert through <= 20 + ledger.now * 100 + 3 * (20 + 1)


def test_a_refused_caller_is_told_when_to_come_again() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger, per_second=1, burst=2)
    assert taken(pace, ledger, 2) == 2
    with pytest.raises(ApiError) as refusal:
        pace.take("ada")
    assert refusal.value.retry_after_s == 1


def test_headers_tell_what_is_left_and_when_all_of_it_is_back() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger)
    assert pace.told("ada") == {}
    taken(pace, ledger, 50)
    assert pace.told("ada") == {"RateLimit-Policy": '"user";q=200;w=2', "RateLimit": '"user";r=150;t=1'}
    ledger.now += 60
    assert pace.told("ada")["RateLimit"] == '"user";r=200;t=0'


def test_without_redis_nothing_is_counted_or_refused() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger, burst=1)
    ledger.available = False
    assert taken(pace, ledger, 100) == 100
    assert pace.told("ada") == {}


def test_a_function_that_sends_nothing_else_settles_by_itself() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger)
    for _ in range(3):
        ledger.now += 1
        pace.take("ada")
    assert ledger.flushes == 2


def test_a_process_forgets_the_callers_it_heard_of_first() -> None:
    ledger = FakeLedger()
    (pace,) = paces(ledger)
    for user in range(REMEMBERED + 5):
        pace.take(f"user-{user}")
    assert pace.told("user-0") == {}
    assert pace.told(f"user-{REMEMBERED + 4}") != {}


def test_a_refused_request_reaches_no_operation_and_answers_carry_the_headers() -> None:
    from dataclasses import replace

    ledger, ran = FakeLedger(), list[str]()
    operation = Operation(
        lambda request: ran.append(request.caller.user_id), 204, scopes=("aws.cognito.signin.user.admin",)
    )
    client = Client({"POST /v1/x": operation})
    client.app = replace(client.app, pace=paces(ledger, burst=1)[0])
    first, second = client.call("POST", "/v1/x"), client.call("POST", "/v1/x")
    assert (first.status, first.headers["RateLimit"]) == (204, '"user";r=0;t=1')
    assert (second.status, second.code, second.headers["Retry-After"]) == (429, "throttled", "1")
    assert second.headers["RateLimit-Policy"] == '"user";q=1;w=1'
    assert ran == [POOL.subject]
    assert client.call("POST", "/v1/x", token=None).headers.get("RateLimit") is None


def test_what_the_firewall_has_marked_is_refused_before_anything_is_looked_at() -> None:
    ran: list[str] = []
    client = Client({"POST /v1/x": Operation(lambda _: ran.append("it"), 204, ("aws.cognito.signin.user.admin",))})
    marked = client.call("POST", "/v1/x", headers={"x-amzn-waf-pace": "over"}, token="none")
    assert (marked.status, marked.code, marked.headers["Retry-After"]) == (429, "throttled", "10")
    assert ran == []


def test_signed_in_callers_are_told_what_a_token_may_ask() -> None:
    client = Client({"GET /v1/x": Operation(lambda _: {}, 200, ("aws.cognito.signin.user.admin",))})
    client.app = replace(client.app, policy=of_token(2))
    assert client.call("GET", "/v1/x").headers["RateLimit-Policy"] == '"token";q=120;w=60'
    assert "RateLimit-Policy" not in client.call("GET", "/v1/x", token=None).headers
    ledger = FakeLedger()
    client.app = replace(client.app, pace=paces(ledger, per_second=1, burst=1)[0])
    told = client.call("GET", "/v1/x").headers
    assert told["RateLimit-Policy"] == '"user";q=1;w=1, "token";q=120;w=60'
    assert of_token(0) == ""


def test_the_mark_means_nothing_on_a_public_route() -> None:
    client = Client({"GET /v1/x": Operation(lambda _: {})})
    assert client.call("GET", "/v1/x", headers={"x-amzn-waf-pace": "over"}, token=None).status == 200


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with real_redis() as running:
        yield running


def opened(server: Server) -> Cache:
    return Cache(Dialer("127.0.0.1", server.port, password=lambda: b"", tls=False))


def test_a_real_redis_counts_with_the_next_command_in_one_round_trip(server: Server) -> None:
    first, second = opened(server), opened(server)
    pace, other = (Pace(memory, per_second=1, burst=100) for memory in (first, second))
    for _ in range(3):
        pace.take("grace")
    assert first.get("nothing") is None
    pace.take("grace")
    first.flush()
    other.take("grace")
    assert second.get("nothing") is None
    left = int(other.told("grace")["RateLimit"].split("r=")[1].split(";")[0])
    assert 95 <= left <= 98
    first.close()
    second.close()


def test_answers_of_what_was_sent_aside_are_never_taken_for_anothers(server: Server) -> None:
    memory, heard = opened(server), list[int]()
    memory.put("k", b"value", 60)
    memory.later(heard.append, b"INCR", b"counted")
    memory.later(heard.append, b"EVAL", b"no script", b"0")
    memory.later(heard.append, b"INCR", b"counted")
    assert memory.get("k") == b"value"
    assert heard == [1, 2]
    assert memory.get("k") == b"value"
    memory.close()


def test_what_waits_is_bounded_and_goes_with_a_lost_connection(server: Server) -> None:
    memory, heard = opened(server), list[int]()
    for _ in range(MOST_WAITING + 5):
        memory.later(heard.append, b"INCR", b"bounded")
    memory.flush()
    assert heard == list(range(1, MOST_WAITING + 1))
    memory.flush()
    assert len(heard) == MOST_WAITING
    memory.close()
    gone = Cache(Dialer("127.0.0.1", 1, password=lambda: b"", tls=False))
    gone.later(heard.append, b"INCR", b"bounded")
    assert gone.get("k") is None
    assert not gone.available
    gone.close()
