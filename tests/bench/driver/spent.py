"""Where the time of requests went: latencies that the sandbox itself measured, and processor time by process."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from functions.shared.cache.breaker import Cache, Limits
from functions.shared.cache.resp import Dialer
from tests.bench.driver.asked import Answers
from tests.journeys.support.deployed import Deployed, eventually

ROUNDS = 2000
TICKS = os.sysconf("SC_CLK_TCK")
FUNCTION = "mlplatform-dev-predictions"
ROUTE = "/v1/ml/predict"
SEEN_S = 3
"""How much later what was measured can be asked for."""
PARTS = (
    ("awslambdaric functions.predictions", "function processes"),
    ("terminator.py", "TLS in front of Redis"),
    ("redis-server", "Redis"),
    ("training.server", "model"),
)
"""Words in a command line, and what the process is."""
THREADS = {"edge": "gateway and runtime API", "logs": "log lines", "alarms": "counting for alarms"}
"""Threads of the sandbox's own process by their names; all others are the local cloud's."""


class Spent:
    """Processor time of the sandbox's processes, by part, from its making on."""

    def __init__(self, box: Deployed) -> None:
        self._box = box
        self._before = self._read()

    def each(self, answers: Answers) -> dict[str, float]:
        """Microseconds a request; what is done later for a request belongs to it."""
        time.sleep(SEEN_S)
        spent = self._read()
        spent.subtract(self._before)
        spent["whoever asks"] = int(answers.used_s * 1_000_000)
        return {name: used / len(answers.rows) for name, used in spent.most_common() if used > 0}

    def _read(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for number, command in self._box.place.processes().items():
            part = next((name for words, name in PARTS if words in command), "")
            if part:
                found[part] += used(Path(f"/proc/{number}/stat"))
            elif number == self._box.state.pid:
                threads = used(Path(f"/proc/{number}/stat"))
                for folder in Path(f"/proc/{number}/task").iterdir():
                    name = THREADS.get((folder / "comm").read_text(encoding="ascii").strip(), "")
                    own = used(folder / "stat") if name else 0
                    found[name or "local cloud"] += own
                    threads -= own
                # Threads that have ended count for the whole process only.
                found["local cloud"] += threads
        return found


def used(stat: Path) -> int:
    """Microseconds of processor time that a process or thread has used."""
    fields = stat.read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS


@contextmanager
def stretch() -> Iterator[list[datetime]]:
    """The beginning and, after the block, the end of what was measured in it."""
    found = [datetime.now(timezone.utc)]
    yield found
    found.append(datetime.now(timezone.utc))


def nested(box: Deployed, answers: Answers, between: list[datetime]) -> list[tuple[str, float]]:
    """Microseconds of a prediction from a warm cache from outside to inside, each without what lies in it."""
    whole = answers.percentile(0.5) * 1000
    gateway = _median(box, between, ("AWS/ApiGateway", "Latency"), ("Resource", ROUTE))
    integration = _median(box, between, ("AWS/ApiGateway", "IntegrationLatency"), ("Resource", ROUTE))
    duration = _median(box, between, ("AWS/Lambda", "Duration"), ("FunctionName", FUNCTION))
    handler = _median(box, between, ("MLPlatform", "ProcessingTime"), ("Function", FUNCTION))
    return [
        ("HTTP: sockets, reading and writing, the caller", whole - gateway),
        ("gateway: all steps but the function", gateway - integration),
        ("hand-over: event loop and pool", integration - duration),
        ("runtime client: event in, answer and log line out", duration - handler),
        ("handler: token, schema, answer", handler),
        ("whole", whole),
        ("beside it, where a process does not remember the answer: Redis, by TLS", asked(box)),
    ]


def asked(box: Deployed) -> float:
    """Microseconds of one question to the cache, with the client that functions use."""
    variables: Mapping[str, Any] = box.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    environ = variables["Environment"]["Variables"]
    secret = box.client("secretsmanager").get_secret_value(SecretId=environ["CACHE_SECRET_ARN"])["SecretString"]
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = str(box.place.home / "cache" / "ca.pem")
    try:
        password = json.loads(secret)["token"].encode
        dialer = Dialer(environ["CACHE_HOST"], int(environ["CACHE_PORT"]), password=password)
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
    cache = Cache(dialer, Limits(call_s=2, answer_s=2, slow_s=1))
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        cache.get("nothing")
        took.append(time.perf_counter() - began)
    if not cache.available:
        raise RuntimeError(f"the cache does not answer: {cache.trouble}")
    cache.close()
    return median(took) * 1e6


def _median(box: Deployed, between: list[datetime], metric: tuple[str, str], place: tuple[str, str]) -> float:
    """The median of a metric of a stretch, in microseconds."""
    cloudwatch, (namespace, name) = box.client("cloudwatch"), metric
    wanted = {"Name": place[0], "Value": place[1]}

    def rows() -> list[float]:
        found = cloudwatch.list_metrics(Namespace=namespace, MetricName=name, Dimensions=[wanted])["Metrics"]
        answers = [
            cloudwatch.get_metric_statistics(
                Namespace=namespace,
                MetricName=name,
                Dimensions=row["Dimensions"],
                StartTime=between[0],
                EndTime=between[1],
                Period=1,
                ExtendedStatistics=["p50"],
            )["Datapoints"]
            for row in found
        ]
        return [row["ExtendedStatistics"]["p50"] for answer in answers for row in answer]

    return median(eventually(rows, 10, f"data points of {name}")) * 1000
