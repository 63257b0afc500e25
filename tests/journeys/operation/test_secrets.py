"""What looks like a secret or like somebody's data goes through every route, and stays where it may be alone."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

import pytest

from functions.routes import ROUTES, Route
from tests.journeys.support.caller import Answer, Caller, demo, signed_up
from tests.journeys.support.deployed import Deployed, eventually
from tests.journeys.support.privacy.markers import Markers
from tests.journeys.support.privacy.requests import Request, requests
from tests.journeys.support.privacy.sinks import EVERYWHERE, Overheard, files, logs, processes

pytestmark = pytest.mark.journey

KEPT: Mapping[str, tuple[str, str]] = {
    "bucket *-processed-*: results/": (
        "POST /v1/ml/batch-predict: body, inputs.*",
        "the answers of a batch are its caller's, and say which row could not be read",
    ),
    "bucket *-processed-*: batches/": (
        "POST /v1/ml/batch-predict: body, inputs.*",
        "the rows of a batch until they are answered",
    ),
    "table *-requests": (
        "POST /v1/data: body, *",
        "answers of requests with an Idempotency-Key are kept for a day, to be given again",
    ),
    "table *-users": ("POST /v1/auth/register: body, *", "the address and the name of an account"),
    **dict.fromkeys(
        # Step Functions leaves input and output out of its log, and not the parameters of a step.
        ("event or notification", "execution of *-training", "log /aws/vendedlogs/states/*-training"),
        (
            "POST /v1/training/start: body, key*",
            "the name of an uploaded file is how people and trainings know it; who uploads chooses it",
        ),
    ),
}
"""Where a value may be found, which, and why."""
SECRET_FIELDS = ("password", "refreshToken", "session", "code", "answer")
"""What no answer repeats, not even to whoever sent it. Of other fields the gateway quotes what does not fit."""
QUIET = {"/v1/auth/logout"}
"""A right request ends the session that all others need."""


@pytest.fixture(scope="module")
def sent(main: Deployed) -> tuple[Markers, list[tuple[Request, Answer]], dict[str, set[str]]]:
    """Every request with its answer, and where the markers are afterwards."""
    markers, people = Markers(), {True: demo(main), False: signed_up(main)}
    began = time.time()
    with Overheard(main) as heard, ThreadPoolExecutor(4) as pool:
        routes = [route for route in ROUTES if route.path not in QUIET]
        asked = [request for route in routes for request in requests(route, markers)]
        answers = list(pool.map(lambda request: send(main, people, request), asked))
        last = answers[-1].headers["x-amzn-requestid"]
        eventually(
            lambda: any(last in text for where, text in logs(main, since=began) if "access" in where),
            20,
            "it is logged",
        )
        found: dict[str, set[str]] = defaultdict(set)
        for sink in EVERYWHERE:
            for where, text in sink(main):
                found[where] |= markers.found(text)
        for where, text in heard.written():
            found[where] |= markers.found(text)
    return markers, list(zip(asked, answers, strict=True)), {where: marked for where, marked in found.items() if marked}


def send(main: Deployed, people: Mapping[bool, Caller], request: Request) -> Answer:
    """One request, by somebody who may; a throttled one is sent again once, a moment later."""
    caller = people[bool(request.route.groups)] if request.signed else Caller(main)
    answer = caller.send(request.route.method, request.path, request.body, request.headers)
    if answer.status == 429:
        time.sleep(1)
        answer = caller.send(request.route.method, request.path, request.body, request.headers)
    return answer


def test_every_route_was_asked_in_many_ways(sent: tuple[Markers, list[tuple[Request, Answer]], object]) -> None:
    markers, pairs, _ = sent
    assert len(markers) > 700
    by_route: dict[str, set[int]] = defaultdict(set)
    for request, answer in pairs:
        by_route[request.route.key].add(answer.status)
    assert len(by_route) == len(ROUTES) - len(QUIET)
    assert [
        (key, found) for key, found in by_route.items() if {each for each in found if each >= 500} - {501, 503}
    ] == []


def test_nothing_of_it_is_written_where_it_must_not_be(
    sent: tuple[object, object, Mapping[str, Iterable[str]]],
) -> None:
    leaks = [
        f"{place} is in {where}"
        for where, places in sent[2].items()
        for place in sorted(places)
        if not any(fnmatchcase(where, pattern) and fnmatchcase(place, what) for pattern, (what, _) in KEPT.items())
    ]
    assert leaks == []


def test_no_error_and_no_address_repeats_a_secret(sent: tuple[Markers, list[tuple[Request, Answer]], object]) -> None:
    markers, pairs, _ = sent
    repeated = []
    for request, answer in pairs:
        in_headers = markers.found(json.dumps(dict(answer.headers)))
        in_body = markers.found(answer.text) if answer.status >= 400 else set()
        repeated += sorted(in_headers | {place for place in in_body if secret(request.route, place)})
    assert repeated == []


def secret(route: Route, place: str) -> bool:
    """Whether a place holds what opens something: a field of that kind, a header, or what should not be an address."""
    what = place.removeprefix(f"{route.key}: ")
    return what.startswith(("header ", "path,")) or any(f"body, {name}" in what for name in SECRET_FIELDS)


def test_true_secrets_are_in_no_log_no_file_and_no_process(main: Deployed) -> None:
    client = main.client("secretsmanager")
    known: dict[str, str] = {"password of the demo user": main.state.password}
    for row in client.list_secrets()["SecretList"]:
        text = client.get_secret_value(SecretId=row["ARN"])["SecretString"]
        known |= {f"{row['Name']}{path}": value for path, value in leaves(text) if not path.endswith(".username")}
    assert len(known) >= 5
    found = {
        f"{name} is in {where}"
        for sink in (logs, files, processes)
        for where, text in sink(main)
        for name, value in known.items()
        if value in text
    }
    # Printed for whoever started it, in files that nobody else can read.
    assert found == {f"password of the demo user is in file {name}" for name in ("state.json", "up.log")}


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """The values of a secret, by their place; a plain one has none."""
    try:
        rows = [("", json.loads(text))]
    except ValueError:
        rows = [("", text)]
    while rows:
        path, value = rows.pop()
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            rows += [(f"{path}.{name}", item) for name, item in pairs]
        elif isinstance(value, str) and len(value) >= 12:
            yield path, value
