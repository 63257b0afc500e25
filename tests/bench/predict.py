"""The predict handler against Powertools' REST resolver, in the same run: ratios, cold imports, Redis faults.

Run it as `.venv/bin/python tests/bench/predict.py`; it needs `aws-lambda-powertools` for the comparison. Clocks are not
asserted anywhere: the machine decides the figures, so only the ratios mean something.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from functions.predictions.handler import build
from functions.predictions.logic import Predictor
from functions.predictions.operations import METRICS, operations
from functions.shared.api import App, answer
from functions.shared.cache.breaker import Cache
from functions.shared.cache.resp import Dialer
from functions.shared.identity.sessions import LIVE, key_of
from functions.shared.identity.tokens import Verifier
from tests.functions.support.apps import POOL, Client
from tests.functions.support.calls import ENVIRONMENT, event
from tests.functions.support.faults import FAULTS, FaultyProxy
from tests.functions.support.models import CountingModel, NoModels
from tests.functions.support.redis import real_redis
from tests.functions.support.tokens import Pool

ROUNDS, WARM, BATCH = 15, 300, 400
MILD_S = (0.02, 0.008)
"""Slow, and yet in time: every answer of Redis takes so long."""
TRIES = 3
"""Each fault is made so often and its best try told: the proxy and what else the machine does share the interpreter."""
FEATURES = {"age": 52, "income": 48000.5, "segment": "b", "visits": 7, "active": True}
Handler = Callable[[], Any]


def ours(pool: Pool, port: int, *, remembered: int, recent: int = 0) -> Handler:
    """Our handler as it is deployed, but for the keys of a test pool and a Redis without TLS."""
    # One caller asks all the time here; counting has to cost what it costs, and nothing be refused.
    environ = {**ENVIRONMENT, "REQUESTS_PER_USER": "1000000", "BURST_PER_USER": "1000000"}
    environ["RECENT_PREDICTIONS"] = str(recent)
    app = build(environ, memory=Cache(Dialer("127.0.0.1", port, password=lambda: b"", tls=False)))
    verifier = Verifier([pool.trusted()], remembered=remembered)
    app = replace(app, verifier=verifier)
    call = event("POST", "/v1/ml/predict", body={"input": FEATURES}, token=pool.token())
    if not remembered:
        return lambda: forgetful(app, call, verifier)
    return lambda: answer(app, call, time.perf_counter())


def forgetful(app: App, call: Mapping[str, Any], verifier: Verifier) -> Any:
    """A call whose token has not been seen before."""
    verifier.forget()
    return answer(app, call, time.perf_counter())


def powertools(pool: Pool, port: int, *, remembered: bool) -> Handler:
    """The same work on Powertools: validated body, pyjwt, redis-py, an answer from the cache."""
    from tests.bench.peers.powertools_predict import make

    return make(pool, port, FEATURES, remembered=remembered)


def times(handlers: Mapping[str, Handler]) -> dict[str, list[float]]:
    """Microseconds per call; the handlers take turns, so that the machine's moods hit all of them."""
    found: dict[str, list[float]] = {name: [] for name in handlers}
    with redirect_stdout(io.StringIO()) as sink:
        for handler in handlers.values():
            for _ in range(WARM):
                handler()
        for _ in range(ROUNDS):
            for name, handler in handlers.items():
                sink.seek(0)
                sink.truncate()
                for _ in range(BATCH):
                    began = time.perf_counter_ns()
                    handler()
                    found[name].append((time.perf_counter_ns() - began) / 1000)
    return found


def percentile(values: list[float], share: float) -> float:
    """A percentile of unsorted values."""
    return sorted(values)[int(len(values) * share)]


def warm(pool: Pool) -> None:
    """Warm calls that the cache answers."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # Redis too: waking another core takes longer than Redis does
    with real_redis() as server:
        seed(pool, server.port)
        handlers = {
            "ours, token verified in full": ours(pool, server.port, remembered=0),
            "ours, token verified before": ours(pool, server.port, remembered=1024),
            "ours, remembered by the process": ours(pool, server.port, remembered=1024, recent=1),
            "Powertools, token verified in full": powertools(pool, server.port, remembered=False),
            "Powertools, token verified before": powertools(pool, server.port, remembered=True),
        }
        found = times(handlers)
    os.sched_setaffinity(0, cores)
    full = median(found["Powertools, token verified in full"])
    before = median(found["Powertools, token verified before"])
    names = f"{'p50 µs':>8} {'p99 µs':>8} {'p99/p50':>8} {'x full':>7} {'x before':>9}"
    print(f"\n{'warm call answered from the cache':40} {names}")
    for name, values in found.items():
        middle, late = median(values), percentile(values, 0.99)
        print(f"{name:40} {middle:8.0f} {late:8.0f} {late / middle:8.2f} {middle / full:7.2f} {middle / before:9.2f}")


def seed(pool: Pool, port: int) -> None:
    """Puts the prediction into Redis, as the first call of a row does."""
    memory = Cache(Dialer("127.0.0.1", port, password=lambda: b"", tls=False))
    memory.put(f"live:{ENVIRONMENT['ENDPOINT_NAME']}", b"v1", 3600)
    memory.put(key_of(str(pool.claims()["origin_jti"])), LIVE, 3600)
    model = CountingModel("v1")
    predictor = Predictor(
        model,
        memory,
        model,
        endpoint=ENVIRONMENT["ENDPOINT_NAME"],
        new_id=lambda: "0d0f5a2e-6f0a-4c39-8f57-4a8f1f4f8f11",
    )
    assert predictor.predict(FEATURES, pool.subject).source == "miss"
    assert predictor.predict(FEATURES, pool.subject).source == "hit"
    memory.close()


def cold() -> None:
    """Import times in fresh processes, taking turns."""
    modules = {"ours": "functions.predictions.handler", "Powertools": "tests.bench.peers.powertools_predict"}
    found: dict[str, list[float]] = {name: [] for name in modules}
    code = "import time; b = time.perf_counter(); import {}; print((time.perf_counter() - b) * 1000)"
    for _ in range(9):
        for name, module in modules.items():
            done = subprocess.run(
                [sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=True
            )
            found[name].append(float(done.stdout))
    base = min(found["Powertools"])
    print(f"\n{'cold import (best of 9)':40} {'ms':>8} {'x':>8}")
    for name, values in found.items():
        print(f"{name:40} {min(values):8.0f} {min(values) / base:8.2f}")
    heavy = "[name for name in ('boto3', 'botocore', 'redis') if name in sys.modules]"
    check = f"import sys, functions.predictions.handler; print({heavy})"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    print(f"SDKs imported by our handler: {done.stdout.strip()}")


def tokens(pool: Pool) -> None:
    """Microseconds of checking one token, the first time and again, and of the look-up in a dictionary below it."""
    verifier, header = Verifier([pool.trusted()]), f"Bearer {pool.token()}"
    known = {pool.token(sub=f"user-{number}"): number for number in range(256)} | {header.partition(" ")[2]: 256}

    def first() -> None:
        verifier.forget()
        verifier.caller(header)

    def look() -> None:
        known.get(header.partition(" ")[2])

    rows = {"verified in full": first, "verified before": lambda: verifier.caller(header), "look-up alone": look}
    found: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(ROUNDS):
        for name, run in rows.items():
            began = time.perf_counter_ns()
            for _ in range(BATCH):
                run()
            found[name].append((time.perf_counter_ns() - began) / 1000 / BATCH)
    print(f"\n{'a token':40} {'best µs':>8} {'p50 µs':>8}")
    for name, values in found.items():
        print(f"{name:40} {min(values):8.2f} {median(values):8.2f}")


def package() -> None:
    """Unzipped size of the layer, where it has been built."""
    layer = Path("dist/layer-host/python")
    if layer.is_dir():
        size = sum(path.stat().st_size for path in layer.rglob("*") if path.is_file())
        print(f"\nlayer: {size / 2**20:.1f} MB unzipped (at most 30)")
    else:
        print("\nlayer: not built; run `make package`")


def faults() -> None:
    """What each fault of Redis adds to a call of the whole handler, first and later, and how soon the cache is back."""
    print(
        f"\n{'Redis fault':16} {'first +ms':>10} {'later +ms (worst of 40)':>24} {'back after ms':>14} {'not 200':>8}"
    )
    for fault, slow_s in (*((fault, 0.3) for fault in FAULTS), *(("slow", slow_s) for slow_s in MILD_S)):
        tries = [faced(fault, slow_s) for _ in range(TRIES)]
        first, later, back = (min(figures) for figures in zip(*(found[:3] for found in tries), strict=True))
        name = f"slow by {slow_s * 1000:.0f} ms" if fault == "slow" else fault
        print(f"{name:16} {first:10.1f} {later:24.1f} {back:14.0f} {sum(found[3] for found in tries):8}")


def faced(fault: str, slow_s: float) -> tuple[float, float, float, int]:
    """Milliseconds added to the first call and at worst to the next forty, milliseconds until back, and failures."""
    with real_redis() as server, FaultyProxy(server.port, slow_s) as proxy, cache_at(proxy.port) as memory:
        caller = Faced(memory)
        caller.ask()
        usual = median(caller.ask() for _ in range(50))
        proxy.break_by(fault)
        first = caller.ask()
        later = []
        for _ in range(40):
            later.append(caller.ask())
            time.sleep(0.02)
        proxy.mend()
        began = time.perf_counter()
        while caller.source() != "hit" and time.perf_counter() - began < 5:
            time.sleep(0.005)
        return first - usual, max(later) - usual, (time.perf_counter() - began) * 1000, caller.failed


class Faced:
    """The whole handler before a Redis that breaks, with a model that answers at once."""

    def __init__(self, memory: Cache) -> None:
        model = CountingModel("v1")
        predictor = Predictor(model, memory, model, endpoint="predict", new_id=lambda: "id", live_memory_s=0)
        self.client = Client(operations(predictor, NoModels()), METRICS)
        self.token, self.failed = POOL.token(), 0

    def ask(self) -> float:
        """Milliseconds of one call."""
        began = time.perf_counter()
        found = self.client.call("POST", "/v1/ml/predict", body={"input": FEATURES}, token=self.token)
        self.failed += found.status != 200
        return (time.perf_counter() - began) * 1000

    def source(self) -> str:
        """Where the answer to one more call came from."""
        self.ask()
        return str(self.client.lines[-1]["metadata"]["cache"])


@contextmanager
def cache_at(port: int) -> Iterator[Cache]:
    """A cache that is closed at the end."""
    memory = Cache(Dialer("127.0.0.1", port, password=lambda: b"", tls=False))
    try:
        yield memory
    finally:
        memory.close()


if __name__ == "__main__":
    if find_spec("aws_lambda_powertools"):
        warm(Pool())
        cold()
    else:
        print("aws-lambda-powertools is not installed: no comparison; install it to see the ratios")
    tokens(Pool())
    package()
    faults()
