"""Failover records follow their health checks, which ask for real; what nobody declared is refused by name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.ledger import Ledger, Resource
from sandbox.regions.names import CHECK, RECORD, Names

EAST, WEST = "us-east-1", "us-west-2"
HOSTS = {EAST: "abc.execute-api.us-east-1.amazonaws.com", WEST: "xyz.execute-api.us-west-2.amazonaws.com"}


class Api:
    """What answers on this machine for one region's host."""

    def __init__(self) -> None:
        api = self
        self.status, self.text, self.asked = 200, '{"status":"healthy"}', list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.asked.append(self.path)
                self.send_response(api.status)
                self.end_headers()
                self.wfile.write(api.text.encode())

            def log_message(self, *_: Any) -> None:
                """Prints nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


class Two:
    """The APIs of both regions."""

    def __init__(self) -> None:
        self.apis = {EAST: Api(), WEST: Api()}

    def address(self, region: str) -> str:
        """Of a region's gateway."""
        return self.apis[region].address if region in self.apis else ""

    def api_url(self, region: str) -> str:
        """To which a route is appended."""
        return f"{self.address(region)}/api/v1" if region in self.apis else ""


@pytest.fixture
def two() -> Iterator[Two]:
    made = Two()
    yield made
    for api in made.apis.values():
        api.close()


def check(identity: str, **inputs: Any) -> Resource:
    """A declared health check."""
    plain = {"type": "HTTPS", "resourcePath": "/api/v1/health", "requestInterval": 10, "failureThreshold": 3}
    return Resource(identity, CHECK, identity, inputs={**plain, **inputs}, outputs={"id": identity}, region=EAST)


def record(role: str, host: str, identity: str = "", name: str = "api.example.com") -> Resource:
    """A declared failover record."""
    inputs: dict[str, Any] = {
        "name": name,
        "type": "A",
        "aliases": [{"name": host, "zoneId": "Z1", "evaluateTargetHealth": False}],
        "failoverRoutingPolicies": [{"type": role}],
        "setIdentifier": role.lower(),
    }
    if identity:
        inputs["healthCheckId"] = identity
    return Resource(f"{name}-{role}", RECORD, role, inputs=inputs, outputs={"fqdn": name}, region=EAST)


def names(two: Two, *extra: Resource, primary: str = "east") -> Names:
    """Two records and their checks."""
    ledger = Ledger()
    resources = [
        check("east", fqdn=HOSTS[EAST]),
        check("west", fqdn=HOSTS[WEST]),
        record("PRIMARY", HOSTS[EAST], primary),
        record("SECONDARY", HOSTS[WEST], "west"),
        *extra,
    ]
    for resource in resources:
        ledger.add(resource)
    return Names(ledger, EAST, two)


def test_a_healthy_primary_answers(two: Two) -> None:
    found = names(two)
    found.checks["east"].probe()
    answer = found.resolve("API.example.com.")
    assert (answer["region"], answer["api_url"]) == (EAST, two.api_url(EAST))
    assert [(row["role"], row["healthy"]) for row in answer["records"]] == [("PRIMARY", True), ("SECONDARY", True)]
    assert two.apis[EAST].asked == ["/api/v1/health"]


@pytest.mark.parametrize("fault", ["down", "errors"])
def test_as_many_faults_in_a_row_as_declared_fail_over_and_back(two: Two, fault: str) -> None:
    found = names(two)
    east = two.apis[EAST]
    if fault == "down":
        east.close()
        east.server.server_close()
    else:
        east.status = 500
    regions = []
    for _ in range(3):
        found.checks["east"].probe()
        regions.append(found.resolve("api.example.com")["region"])
    assert regions == [EAST, EAST, WEST]
    if fault == "errors":
        assert found.resolve("api.example.com")["records"][1]["check"].endswith("/api/v1/health: status 500")
        east.status = 200
        for _ in range(3):
            found.checks["east"].probe()
        assert found.resolve("api.example.com")["region"] == EAST


def test_one_good_answer_between_faults_begins_the_count_anew(two: Two) -> None:
    found = names(two)
    for status in (500, 500, 200, 500, 500):
        two.apis[EAST].status = status
        found.checks["east"].probe()
    assert found.resolve("api.example.com")["region"] == EAST


def test_when_nothing_is_healthy_the_primary_answers(two: Two) -> None:
    found = names(two)
    for api in two.apis.values():
        api.status = 503
    for one in found.checks.values():
        for _ in range(3):
            one.probe()
    answer = found.resolve("api.example.com")
    assert (answer["region"], answer["records"][0]["healthy"]) == (EAST, False)


@pytest.mark.parametrize(
    ("inputs", "healthy"),
    [
        ({"type": "HTTPS_STR_MATCH", "searchString": "healthy"}, True),
        ({"type": "HTTPS_STR_MATCH", "searchString": "sick"}, False),
        ({"invertHealthcheck": True}, False),
        ({"disabled": True}, True),
        ({"type": "CLOUDWATCH_METRIC"}, True),
        ({"type": "CALCULATED", "childHealthchecks": ["west"], "childHealthThreshold": 1}, True),
        ({"type": "CALCULATED", "childHealthchecks": ["west"], "childHealthThreshold": 2}, False),
        ({"fqdn": "example.org"}, True),
    ],
    ids=["found", "not found", "inverted", "disabled", "metric", "enough children", "too few children", "elsewhere"],
)
def test_each_kind_of_check_is_judged_as_route_53_judges(two: Two, inputs: dict[str, Any], healthy: bool) -> None:
    other = check("other", **{"fqdn": HOSTS[EAST], **inputs})
    found = names(two, other, primary="other")
    if found.checks["other"].probed:
        for _ in range(3):
            found.checks["other"].probe()
    answer = found.resolve("api.example.com")
    (primary,) = [row for row in answer["records"] if row["role"] == "PRIMARY"]
    assert primary["healthy"] is healthy
    assert primary["check"]


def test_a_domain_of_a_region_is_asked_through_its_mapping(two: Two) -> None:
    domain = Resource(
        "domain",
        "aws:apigateway/domainName:DomainName",
        "domain",
        inputs={},
        outputs={"domainName": "west.example.com", "regionalDomainName": "d-1.execute-api.us-west-2.amazonaws.com"},
        region=WEST,
    )
    mapping = Resource(
        "mapping",
        "aws:apigateway/basePathMapping:BasePathMapping",
        "mapping",
        inputs={"domainName": "west.example.com", "stageName": "api", "restApi": "xyz"},
        region=WEST,
    )
    own = check("own", fqdn="west.example.com", resourcePath="/v1/health")
    found = names(two, domain, mapping, own, primary="own")
    found.checks["own"].probe()
    assert two.apis[WEST].asked == ["/api/v1/health"]


def test_by_itself_it_asks_again_and_again(two: Two) -> None:
    found = names(two)
    found.every(0.1)
    two.apis[EAST].status = 500
    found.start()
    done = threading.Event()
    for _ in range(200):
        if found.resolve("api.example.com")["region"] == WEST:
            break
        done.wait(0.05)
    found.close()
    assert found.resolve("api.example.com")["region"] == WEST


@pytest.mark.parametrize("interval_s", [0, -1, 31])
def test_an_interval_that_route_53_does_not_know_is_refused(two: Two, interval_s: float) -> None:
    with pytest.raises(ValueError, match=r"give 0\.1 to 30"):
        names(two).every(interval_s)


def near_names(two: Two) -> Names:
    """A name by nearness, told in the other order than the regions'."""
    rows = []
    for region, identity in ((WEST, "near-west"), (EAST, "near-east")):
        row = record(region, HOSTS[region], identity, "predict.example.com")
        row.inputs.pop("failoverRoutingPolicies")
        row.inputs["latencyRoutingPolicies"] = [{"region": region}]
        rows += [check(identity, fqdn=HOSTS[region]), row]
    return names(two, *rows)


@pytest.mark.parametrize(("near", "region"), [("", EAST), (EAST, EAST), (WEST, WEST)])
def test_the_nearer_region_answers_while_it_is_well_and_else_the_other(two: Two, near: str, region: str) -> None:
    found = near_names(two)
    assert found.resolve("predict.example.com", near)["region"] == region
    two.apis[region].status = 500
    asked = found.checks["near-east" if region == EAST else "near-west"]
    for _ in range(3):
        asked.probe()
    answer = found.resolve("predict.example.com", near)
    assert {answer["region"], region} == {EAST, WEST}
    assert [row["role"] for row in answer["records"]] == ["LATENCY", "LATENCY"]
    # Nearness moves no name that has an order.
    assert found.resolve("api.example.com", WEST)["region"] == EAST


def test_when_no_region_is_well_the_nearer_one_answers(two: Two) -> None:
    found = near_names(two)
    for region, identity in ((EAST, "near-east"), (WEST, "near-west")):
        two.apis[region].status = 503
        for _ in range(3):
            found.checks[identity].probe()
    assert found.resolve("predict.example.com", WEST)["region"] == WEST


def test_an_unknown_name_is_refused_with_those_that_there_are(two: Two) -> None:
    with pytest.raises(LookupError, match=r"for 'www\.example\.com'; there are: api\.example\.com"):
        names(two).resolve("www.example.com")


def test_without_a_domain_the_refusal_says_what_to_declare(two: Two) -> None:
    with pytest.raises(LookupError, match="there are: none; declare a domain and a second region for the stack"):
        Names(Ledger(), EAST, two).resolve("api.example.com")
