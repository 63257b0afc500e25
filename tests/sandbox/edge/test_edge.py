"""The edge answers as the distribution was declared: from either bucket, from the API, with its headers."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.site.documents import PAGES, bucket_statements
from sandbox.cloud import Cloud
from sandbox.edge import Edges
from sandbox.edge.server import ASKED
from sandbox.ledger import Ledger, Resource
from sandbox.regions.outage import Outage
from tests.sandbox.containers.support import emptied

EAST, WEST = "us-east-1", "us-west-2"
ARN = "arn:aws:cloudfront::123456789012:distribution/E1"
FUNCTION = "arn:aws:cloudfront::123456789012:function/pages"
BUCKETS = {"files": ("site-east", EAST), "files-standby": ("site-west", WEST)}
PAGE = {"targetOriginId": "either", "allowedMethods": ["GET", "HEAD"], "responseHeadersPolicyId": "headers"}
API = {"pathPattern": "/api/*", "targetOriginId": "api", "allowedMethods": ["GET", "POST"]}


class Apis:
    """Stands for the names of a stack: one address, or none."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[tuple[str, str]] = []

    def url(self, host: str, path: str) -> str:
        self.asked.append((host, path))
        return f"{self.address}{path}" if self.address else ""


def resource(token: str, name: str, inputs: dict[str, Any], **outputs: str) -> Resource:
    return Resource(urn=f"urn:{token}::{name}", type=token, name=name, inputs=inputs, outputs={**inputs, **outputs})


def policy(bucket: str, arn: str = ARN) -> Resource:
    async def declared() -> Any:
        return bucket_statements(f"arn:aws:s3:::{bucket}", arn)

    rows = asyncio.run(declared())
    for row in rows:
        # Resolved, as the ledger has them.
        row["Resource"] = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return resource(
        "aws:s3/bucketPolicy:BucketPolicy", bucket, {"bucket": bucket, "policy": json.dumps({"Statement": rows})}
    )


def ledger(policies: list[Resource], **changes: Any) -> Ledger:
    origins: list[dict[str, Any]] = [
        {"originId": origin, "domainName": f"{bucket}.s3.{region}.amazonaws.com", "originAccessControlId": "C"}
        for origin, (bucket, region) in BUCKETS.items()
    ]
    mark = [{"name": "x-site-mark", "value": "secret"}]
    origins.append(
        {"originId": "api", "domainName": "api.example.org", "customOriginConfig": {}, "customHeaders": mark}
    )
    inputs: dict[str, Any] = {
        "aliases": ["ml.example.org"],
        "defaultRootObject": "index.html",
        "origins": origins,
        "originGroups": [
            {
                "originId": "either",
                "failoverCriteria": {"statusCodes": [500, 502, 503, 504]},
                "members": [{"originId": origin} for origin in BUCKETS],
            }
        ],
        "defaultCacheBehavior": {
            **PAGE,
            "functionAssociations": [{"eventType": "viewer-request", "functionArn": FUNCTION}],
        },
        "orderedCacheBehaviors": [API],
        **changes,
    }
    made = Ledger()
    secure = {"securityHeadersConfig": {"contentTypeOptions": {"override": True}}}
    for row in (
        resource(
            "aws:cloudfront/distribution:Distribution", "site", inputs, id="E1", arn=ARN, domainName="d1.cloudfront.net"
        ),
        resource("aws:cloudfront/function:Function", "pages", {"code": PAGES}, arn=FUNCTION),
        resource("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", "headers", secure, id="headers"),
        *policies,
    ):
        made.add(row)
    return made


@pytest.fixture
def cloud(running: Cloud) -> Cloud:
    made = emptied(running)
    for bucket, region in BUCKETS.values():
        where = {} if region == EAST else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        made.client("s3", region).create_bucket(Bucket=bucket, **where)
        made.client("s3", region).put_object(
            Bucket=bucket,
            Key="index.html",
            Body=f"page of {region}".encode(),
            ContentType="text/html",
            CacheControl="no-cache",
        )
    return made


@pytest.fixture
def apis() -> Apis:
    return Apis()


Open = Callable[..., Edges]


@pytest.fixture
def opened(cloud: Cloud, apis: Apis) -> Iterator[Open]:
    kept: list[Edges] = []

    def opening(policies: list[Resource] | None = None, **changes: Any) -> Edges:
        rows = [policy(bucket) for bucket, _ in BUCKETS.values()] if policies is None else policies
        kept.append(Edges(ledger(rows, **changes), cloud, apis))
        kept[-1].start()
        return kept[-1]

    yield opening
    for edges in kept:
        edges.close()


def got(edges: Edges, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, dict[str, str], str]:
    where = urlsplit(edges.url("https://ml.example.org"))
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        connection.request(method, path, body, {"X-Own": "1"})
        found = connection.getresponse()
        return found.status, {name.lower(): value for name, value in found.getheaders()}, found.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/models/3", "/index.html"])
def test_pages_are_the_apps_own_whatever_their_path(opened: Open, path: str) -> None:
    status, headers, body = got(opened(), path)
    assert (status, body) == (200, f"page of {EAST}")
    assert headers["content-type"] == "text/html"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers[ASKED.lower()] == "files"


def test_the_second_regions_bucket_answers_when_the_first_region_is_lost(opened: Open, cloud: Cloud) -> None:
    outage = Outage(cloud.account)
    cloud.wrap(outage.layer)
    edges = opened()
    outage.lost.add(EAST)
    try:
        status, headers, body = got(edges, "/")
        assert (status, body, headers[ASKED.lower()]) == (200, f"page of {WEST}", "files-standby")
        outage.lost.add(WEST)
        assert got(edges, "/")[0] == 502
    finally:
        outage.lost.clear()
    assert got(edges, "/")[2] == f"page of {EAST}"


def test_what_is_missing_is_missing_and_not_asked_for_elsewhere(opened: Open) -> None:
    status, headers, _ = got(opened(), "/assets/none.js")
    assert (status, headers[ASKED.lower()]) == (404, "files")


def test_a_bucket_whose_policy_names_another_distribution_lets_nobody_in(opened: Open) -> None:
    other = opened([policy("site-east", ARN + "2"), policy("site-west")])
    assert got(other, "/")[0] == 403
    assert "bucket site-east does not let" in got(opened([policy("site-west")]), "/")[2]


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = {
            "path": self.path,
            "mark": self.headers["x-site-mark"],
            "own": self.headers["X-Own"],
            "body": body.decode(),
        }
        answer = json.dumps(told).encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_api_gets_the_request_as_sent_with_the_mark_and_is_asked_once(opened: Open, apis: Apis, echo: str) -> None:
    edges = opened()
    apis.address = echo
    status, headers, body = got(edges, "/api/v1/ml?x=1", "POST", b"{}")
    assert json.loads(body) == {"path": "/api/v1/ml?x=1", "mark": "secret", "own": "1", "body": "{}"}
    # A failure of the API is the API's: no page and no other origin stands for it.
    assert (status, headers[ASKED.lower()]) == (503, "api")
    assert apis.asked == [("api.example.org", "/api/v1/ml")]


def test_an_api_that_nothing_stands_for_is_told(opened: Open) -> None:
    status, _, body = got(opened(), "/api/v1/health")
    assert status == 502
    assert "nothing on this machine stands for api.example.org" in body


def test_methods_that_a_behaviour_does_not_take_are_refused(opened: Open) -> None:
    edges = opened()
    status, _, body = got(edges, "/", "POST", b"{}")
    assert status == 403
    assert "POST is not allowed at /; allowed: GET, HEAD" in body
    assert got(edges, "/", "HEAD")[2] == ""


def test_a_function_that_fails_says_so(opened: Open, cloud: Cloud, apis: Apis) -> None:
    made = Ledger()
    for row in ledger([]):
        code = {"code": "function handler(event) { return event.nothing.here; }"}
        made.add(
            row if row.type != "aws:cloudfront/function:Function" else resource(row.type, row.name, code, arn=FUNCTION)
        )
    edges = Edges(made, cloud, apis)
    edges.start()
    try:
        status, _, body = got(edges, "/")
    finally:
        edges.close()
    assert status == 503
    assert "the function of the distribution failed" in body


def test_a_name_that_nothing_stands_for_has_no_address(opened: Open) -> None:
    edges = opened()
    assert edges.url("https://other.example.org") == ""
    assert set(edges.urls) == {"ml.example.org", "d1.cloudfront.net"}
    assert edges.notes
