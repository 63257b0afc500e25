"""The price table: regions, tiers, rows that are wrong."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.cost.meters import FREE, METERS, UNKNOWN
from policies.cost.prices import PriceError, Prices, load, read

ROW = """
date = 2026-11-21
regions = ["us-east-1"]

[[price]]
key = "thing.hour"
unit = "hour"
usd = 0.5
source = "https://example.org/"
"""
TIERED = next(row for row in load().rows if row.key == "apigateway.requests")


def test_a_price_without_tiers_is_a_product() -> None:
    assert load().of("lambda.requests", "us-east-1").of(10_000_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(333e6, 1165.5, id="first tier full"),
        pytest.param(334e6, 1168.3, id="one million of the second"),
        pytest.param(22e9, 1165.5 + 1867.6 + 45_220 + 3020, id="beyond the last end"),
    ],
)
def test_tiers_are_charged_one_after_the_other(quantity: float, usd: float) -> None:
    assert TIERED.of(quantity) == pytest.approx(usd)


@given(st.floats(0, 1e11), st.floats(0, 1e11))
def test_more_never_costs_less(one: float, two: float) -> None:
    for row in load().rows:
        assert row.of(min(one, two)) <= row.of(max(one, two)) * (1 + 1e-9)


def test_an_unknown_region_is_named_with_those_that_have_prices() -> None:
    with pytest.raises(PriceError, match=r"region is 'mars-1'; allowed: us-east-1, us-west-2; add its prices"):
        load().of("kms.key", "mars-1")


def test_an_unknown_instance_type_is_named_with_those_of_its_family() -> None:
    with pytest.raises(PriceError, match=r"'sagemaker.instance.ml.x9.huge' in us-east-1; allowed: .*ml.c5.large"):
        load().of("sagemaker.instance.ml.x9.huge", "us-east-1")


def test_what_costs_the_same_everywhere_needs_no_region() -> None:
    assert load().of("waf.acl", "eu-west-3").usd == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('unit = "hour"', "", "unit is None", id="no unit"),
        pytest.param("usd = 0.5", "", "exactly one of usd, tiers and types", id="no price"),
        pytest.param("usd = 0.5", "usd = 0.5\ntypes = { a = 1 }", "exactly one of", id="two prices"),
        pytest.param("usd = 0.5", "types = {}", "types is empty", id="no types"),
        pytest.param("usd = 0.5", "usd = 0.5\nsorce = 1", "has sorce; allowed", id="typo"),
        pytest.param("date = 2026-11-21", "", "date is None", id="no date"),
    ],
)
def test_a_wrong_row_is_named_with_its_field(old: str, new: str, message: str) -> None:
    with pytest.raises(PriceError, match=message):
        read(ROW.replace(old, new))


def test_a_price_that_is_given_twice_is_refused() -> None:
    with pytest.raises(PriceError, match=r"'thing.hour' is given twice for 'us-east-1'"):
        Prices([*read(ROW), *read(ROW)])


def test_every_row_has_a_page_and_a_day() -> None:
    assert [row.key for row in load().rows if not row.source.startswith("https://aws.amazon.com/")] == []
    assert {row.date for row in load().rows} == {date(2026, 11, 21)}


def test_every_fixed_key_of_a_meter_has_a_price_in_every_region() -> None:
    keys = {
        charge.price
        for meter in METERS.values()
        for charge in meter.charges
        if isinstance(charge.price, str) and not charge.by_kind
    }
    prices = load()
    assert {key for key in keys for region in prices.regions if prices.of(key, region).key != key} == set()


def test_a_type_is_either_charged_or_free() -> None:
    assert set(METERS) & set(FREE) == set()


def test_what_has_no_price_says_why_and_is_neither_charged_nor_free() -> None:
    assert not UNKNOWN.keys() & (METERS.keys() | FREE.keys())
    assert all(len(why) > 40 for why in UNKNOWN.values())
