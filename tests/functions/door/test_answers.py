"""What answers say beside their bodies: to pages of other origins, and of routes that go away."""

from __future__ import annotations

from datetime import date

import pytest

from functions.routes import ROUTES
from functions.shared.api import Operation
from functions.shared.door.origins import NOWHERE, Origins
from functions.shared.door.retirement import SHORTEST_DAYS, Retirement
from tests.functions.support.apps import Client

OLD = Retirement(date(2026, 11, 21), date(2027, 6, 30), "/v2/notes")


def test_a_route_that_goes_away_says_so_with_each_answer() -> None:
    client = Client({"GET /v1/notes": Operation(lambda _: {}, retires=OLD)})
    headers = client.call("GET", "/v1/notes").headers
    assert headers["Deprecation"] == "@1795219200"
    assert headers["Sunset"] == "Wed, 30 Jun 2027 00:00:00 GMT"
    assert headers["Link"] == '</api/v2/notes>; rel="successor-version", </api/v1/docs>; rel="deprecation"'


def test_a_route_that_stays_says_nothing() -> None:
    headers = Client({"GET /v1/notes": Operation(lambda _: {})}).call("GET", "/v1/notes").headers
    assert not {"Deprecation", "Sunset", "Link"} & set(headers)


def test_callers_have_half_a_year_at_least() -> None:
    with pytest.raises(ValueError, match=f"allowed: {SHORTEST_DAYS} days or more"):
        Retirement(date(2026, 1, 1), date(2026, 6, 29), "/v2/notes")


def test_a_successor_is_a_path_of_the_api() -> None:
    with pytest.raises(ValueError, match="allowed: the path of a route"):
        Retirement(date(2026, 1, 1), date(2027, 1, 1), "https://example.org")


def test_each_successor_is_a_route_that_stays() -> None:
    stay = {route.path for route in ROUTES if route.retires is None}
    assert {route.retires.successor for route in ROUTES if route.retires} <= stay


ORIGIN, EXPOSED = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"


@pytest.mark.parametrize("origin", ["https://a.example", "https://b.example:8443"])
def test_a_page_of_a_listed_origin_is_told_its_own(origin: str) -> None:
    headers = Origins("https://a.example, https://b.example:8443").headers(origin)
    assert (headers[ORIGIN], headers["Vary"]) == (origin, "Origin")
    assert {"ETag", "RateLimit", "Retry-After", "X-Correlation-Id"} <= set(headers[EXPOSED].split(","))


@pytest.mark.parametrize("origin", [None, "", "null", "*", "https://a.example.evil.example", "HTTPS://A.EXAMPLE"])
def test_any_other_page_is_told_nothing(origin: str | None) -> None:
    assert Origins("https://a.example").headers(origin) == {"Vary": "Origin"}


def test_all_origins_are_one_answer() -> None:
    headers = Origins("*").headers("https://any.example")
    assert headers[ORIGIN] == "*"
    assert "Vary" not in headers
    assert NOWHERE.headers("https://any.example") == {}
