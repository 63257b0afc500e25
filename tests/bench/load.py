"""The deployed platform under load: rates, latencies, errors, and where the time goes.

`.venv/bin/python tests/bench/load.py [seconds]` starts a sandbox of its own on free ports of 127.0.0.1 and ends it.
Every request is accounted for: the right answer, a named other one, or none. No clock is asserted: ratios against a
plain function behind the same gateway, and against the Lambda runtime client alone, are what means something. `host %`
is the time that the machine's host gave to others: rows with different shares cannot be compared.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.client import sign_in
from sandbox.gateway import Server
from tests.bench.driver.asked import Answers, Request, cold, joined, mixed, send, warm, writes
from tests.bench.driver.parts import Plain, breakdown, plain
from tests.bench.driver.spent import Spent, nested, stretch
from tests.journeys.support.caller import PASSWORD, Caller
from tests.journeys.support.deployed import Deployed, Place, eventually

USERS = 4
"""Callers whose requests take turns: each alone may send a thousand a second."""
TURNS = 4
"""How often the sandboxes with and without Redis are asked, one after the other."""
WANTED = 1200 / 4600
"""Cached predictions a second that are wanted, on the machine whose runtime client alone answered 4,600."""
FUNCTION = "awslambdaric functions.{}.handler.handler"


@contextmanager
def sandbox() -> Iterator[Deployed]:
    """The dev stack with its baseline model, on ports of its own."""
    place = Place()
    try:
        started = place.run(place.up("--detach", "--no-train"), 180)
        if started.returncode:
            raise RuntimeError(started.stdout + started.stderr)
        yield Deployed.of(place)
    finally:
        place.run(place.command("down"))
        shutil.rmtree(place.path, ignore_errors=True)


def callers(box: Deployed) -> list[str]:
    """Tokens of some users."""
    cognito, outputs = box.client("cognito-idp"), box.state.outputs
    tokens = []
    for number in range(USERS):
        name = f"load-{number}@example.com"
        cognito.admin_create_user(UserPoolId=outputs["user_pool_id"], Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=outputs["user_pool_id"], Username=name, Password=PASSWORD, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=outputs["user_pool_id"], Username=name, GroupName="users")
        tokens.append(sign_in(cognito, outputs["user_pool_client_id"], name, PASSWORD)[0])
    return tokens


def pids(box: Deployed, words: str) -> list[int]:
    """The processes of the sandbox with these words in their command lines."""
    return [number for number, command in box.place.processes().items() if words in command]


def row(name: str, found: Answers, plain: Answers | None = None) -> None:
    """One line of the table, and another for answers that were not right."""
    lost = found.sent - len(found.rows)
    share = f"{found.rate / plain.rate:7.2f}" if plain is not None else f"{'1':>7}"
    times = " ".join(f"{found.percentile(share):8.1f}" for share in (0.5, 0.99, 1.0))
    wrong = found.wrong()
    print(
        f"{name:36} {len(found.rows):8} {found.rate:8.0f} {share} {times} {sum(wrong.values()):7} {lost:5}"
        f" {100 * found.stolen:6.1f}",
        flush=True,
    )
    for (kind, status), times_seen in sorted(wrong.items()):
        print(f"{'':36}{kind}: {times_seen} x {status or 'no answer'}")


def stopped_now_and_then(box: Deployed, seconds: float) -> None:
    """Keeps the model's process from working for half of the time, a quarter of a second at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for number in pids(box, "training.server"):
            os.kill(number, signal.SIGSTOP)
            time.sleep(0.25)
            os.kill(number, signal.SIGCONT)
        time.sleep(0.25)


def killed_twice(box: Deployed, capability: str, seconds: float) -> None:
    """Kills the processes of a function at a third and at two thirds of the time."""
    for _ in range(2):
        time.sleep(seconds / 3)
        for number in pids(box, FUNCTION.format(capability)):
            os.kill(number, signal.SIGKILL)


def from_redis(box: Deployed, tokens: list[str], seconds: float) -> Answers:
    """Each question was asked once before, of processes that have ended since: Redis has the answer, they do not."""
    port = box.place.port
    send(port, cold(tokens, 5), seconds=5 * seconds)
    for number in pids(box, FUNCTION.format("predictions")):
        os.kill(number, signal.SIGKILL)
    send(port, warm(tokens), seconds=1.0)
    # Answers from Redis are so much quicker that a longer time would ask more than was asked before.
    return send(port, cold(tokens, 5), seconds=seconds / 3)


def kept(box: Deployed, token: str, series: str) -> set[int]:
    """The numbers of the records of a series that the API gives back."""
    caller, numbers, page = Caller(box, token), set[int](), 1
    while True:
        answer = caller.call("GET", f"/data?attribute=series:{series}&limit=100&page={page}")
        assert answer.status == 200, answer.text
        numbers |= {int(record["attributes"]["number"]) for record in answer.content["data"]}
        if not answer.content["pagination"]["hasNext"]:
            return numbers
        page += 1


def faults(box: Deployed, tokens: list[str], seconds: float, plain: Answers) -> None:
    """Parts that fail while they are used."""
    port = box.place.port
    row(
        "model slow, cold cache",
        send(port, cold(tokens, 1), seconds=seconds, meanwhile=lambda: stopped_now_and_then(box, seconds)),
        plain,
    )
    predictions = [Request(one.kind, one.content, frozenset({200, 502, 503})) for one in warm(tokens)]
    row(
        "function killed twice, warm",
        send(port, predictions, seconds=seconds, meanwhile=lambda: killed_twice(box, "predictions", seconds)),
        plain,
    )
    send(port, writes(tokens[0], "before"), connections=8, seconds=1.0, pause_s=0.05)
    longer = 3 * seconds
    found = send(
        port,
        writes(tokens[0], "load"),
        connections=8,
        seconds=longer,
        pause_s=0.05,
        meanwhile=lambda: killed_twice(box, "records", longer),
    )
    row("writes, function killed twice", found)
    acknowledged = set(found.numbers(201))
    lost = acknowledged - kept(box, tokens[0], "load")
    print(f"{'':36}acknowledged writes: {len(acknowledged)}, lost: {len(lost)}")
    without_redis(box, tokens, seconds, plain)


def without_redis(box: Deployed, tokens: list[str], seconds: float, plain: Answers) -> None:
    """A cold cache without Redis, taking turns with a sandbox that has it: a machine's host is never the same for long.

    With 16 connections the model's part of the machine is full, and whatever a call asks beside it waits in that queue
    too: each process looks up sessions in the table once a second then. With 4 it tells what Redis itself is missed by.
    """
    with sandbox() as other:
        sides = [(other.place.port, callers(other)), (box.place.port, tokens)]
        for number in pids(box, "redis-server"):
            os.kill(number, signal.SIGKILL)
        eventually(lambda: not pids(box, "redis-server"), 10, "Redis has ended")
        row("Redis killed, the first second", send(*asking(sides[1], 3), seconds=1.0), plain)
        for side in sides:
            # Function processes that are lacking start now, and not while others are compared.
            send(*asking(side, 4), seconds=seconds)
        for many in (4, 16):
            turns = [
                [send(*asking(side, 10 * many + turn), connections=many, seconds=seconds) for side in sides]
                for turn in range(TURNS)
            ]
            before, gone = (joined(stretches) for stretches in zip(*turns, strict=True))
            row(f"cold cache, {many} connections", before, plain)
            row(f"Redis gone, {many} connections", gone, plain)
            print(f"{'':36}p99 against the other: {gone.percentile(0.99) - before.percentile(0.99):+.1f} ms")


def asking(side: tuple[int, list[str]], series: int) -> tuple[int, list[Request]]:
    """Where to ask, and questions that nobody asked there before."""
    port, tokens = side
    return port, cold(tokens, series)


def baselines(seconds: float) -> tuple[float, Answers]:
    """What the machine can do at best: the function's runtime alone, and a plain function behind the same gateway."""
    with plain() as echo:
        alone = echo.alone(seconds)
        print(f"{'runtime client alone, 16 at once':36} {alone * seconds:8.0f} {alone:8.0f}")
        row("plain function, gateway of no steps", asked(echo.bare(), echo, seconds))
        found = asked(echo.serve(), echo, seconds)
    row("plain function, same gateway", found)
    return alone, found


def asked(server: Server, echo: Plain, seconds: float) -> Answers:
    """The answers of a gateway, which is closed after them."""
    try:
        send(server.port, echo.requests(), seconds=1.0)
        return send(server.port, echo.requests(), seconds=seconds)
    finally:
        server.close()


def where(box: Deployed, token: str, single: Answers, between: list[datetime]) -> None:
    """Where the time of a prediction from a warm cache goes, with one connection."""
    table("where the time goes, one connection, warm cache (µs)", nested(box, single, between))
    table("steps of the gateway, each by itself (µs)", breakdown(box, token))


def table(title: str, rows: Iterable[tuple[str, float]]) -> None:
    """Names and figures."""
    print(f"\n{title}")
    for name, figure in rows:
        print(f"  {name:72} {figure:8.1f}")


def main(seconds: float) -> None:
    """Prints the table."""
    print(f"16 connections, {seconds:g} s each, {os.cpu_count()} processors")
    print(
        f"{'':36} {'answers':>8} {'a second':>8} {'x plain':>7} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8}"
        f" {'wrong':>7} {'lost':>5} {'host %':>6}"
    )
    alone, best = baselines(seconds)
    with sandbox() as box:
        tokens, port = callers(box), box.place.port
        send(port, warm(tokens), seconds=1.0)
        spent = Spent(box)
        busy = send(port, warm(tokens), seconds=seconds)
        row("warm cache", busy, best)
        print(f"{'':36}of the runtime client alone: {busy.rate / alone:.2f}, wanted: {WANTED:.2f}")
        each = spent.each(busy)
        with stretch() as between:
            single = send(port, warm(tokens), connections=1, seconds=seconds)
        row("warm cache, 1 connection", single, best)
        row("warm cache, each answer from Redis", from_redis(box, tokens, seconds), best)
        row("cold cache", send(port, cold(tokens, 0), seconds=seconds), best)
        row("one bad request in ten", send(port, mixed(tokens), seconds=seconds), best)
        table("processor time of a request, warm cache (µs)", [*each.items(), ("all", sum(each.values()))])
        where(box, tokens[0], single, between)
        print()
        faults(box, tokens, seconds, best)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 3.0)
