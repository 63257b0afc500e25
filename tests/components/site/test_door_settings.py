"""Settings of the site and the load balancer: what is refused before anything is created, all at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.settings import Settings, SettingsError, load

ZONE = "Z0123456789ABC"
DOOR = {"scheme": "internal", "domain": "predict.example.org", "zoneId": ZONE}
TWO = {"zones": ["a", "b"]}


def loaded(region: str = "us-east-1", **sections: Any) -> Settings:
    config = {f"mlplatform:{key}": json.dumps(value) for key, value in sections.items()}
    return load("dev", {"aws:region": region, **config})


def told(region: str = "us-east-1", **sections: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(region, **sections)
    return str(caught.value)


def test_a_site_is_there_by_default_and_a_load_balancer_is_not() -> None:
    settings = loaded()
    assert settings.site.enabled
    assert settings.site.domain is None
    assert settings.load_balancer.scheme == "none"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "domain without zone": ({"site": {"domain": "ml.example.org"}}, "site.zoneId is missing while site.domain is"),
    "zone without domain": ({"site": {"zoneId": ZONE}}, "site.domain is missing while site.zoneId is"),
    "no domain": ({"site": {"domain": "https://x.org", "zoneId": ZONE}}, "allowed: a name such as ml.example.org"),
    "no zone": ({"site": {"domain": "x.org", "zoneId": "x.org."}}, "allowed: a hosted zone's id such as Z0123"),
    "domain of nothing": (
        {"site": {"enabled": False, "domain": "x.org", "zoneId": ZONE}},
        "site.domain is given while site.enabled is false",
    ),
    "edges": ({"site": {"priceClass": "PriceClass_300"}}, "PriceClass_100, PriceClass_200, PriceClass_All"),
    "origins": ({"site": {"connectOrigins": ["http://x.org"]}}, "origins such as https://uploads.example.org"),
    "door without name": (
        {"loadBalancer": {"scheme": "internal"}, "network": TWO},
        "loadBalancer.domain is missing while loadBalancer.scheme is 'internal'",
    ),
    "door without zone": (
        {"loadBalancer": {"scheme": "internal", "domain": "x.org"}, "network": TWO},
        "loadBalancer.zoneId is missing",
    ),
    "door in one zone": ({"loadBalancer": DOOR}, "network.zones has 1 while loadBalancer.scheme is 'internal'"),
    "fixed addresses inside": (
        {"loadBalancer": {**DOOR, "accelerator": True}, "network": TWO},
        "loadBalancer.accelerator is true while scheme is 'internal'; allowed: internet-facing",
    ),
    "fixed addresses of nothing": ({"loadBalancer": {"accelerator": True}}, "loadBalancer.scheme is 'none' while"),
    "partners": (
        {"loadBalancer": DOOR, "network": TWO, "api": {"partners": ["acme"]}},
        "API keys are only asked at the gateway",
    ),
    "one name for two": (
        {"loadBalancer": DOOR, "network": TWO, "site": {"domain": DOOR["domain"], "zoneId": ZONE}},
        "loadBalancer.domain is 'predict.example.org', the site's own",
    ),
    "the zone that is there": ({"network": {"zones": ["b"]}}, "network.secondZone is 'b' while network.zones holds it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_work_is_told_with_what_is_allowed(name: str) -> None:
    sections, text = WRONG[name]
    found = told(**sections)
    assert text in found
    assert "allowed: " in found


def test_partitions_without_edges_have_no_site() -> None:
    assert "site.enabled is True in us-gov-west-1" in told("us-gov-west-1")
    assert not loaded("us-gov-west-1", site={"enabled": False}).site.enabled


def test_everything_wrong_is_told_at_once() -> None:
    found = told(
        network={"zones": ["a"], "cidr": "10.0.0.0/28"},
        cache={"multiAz": True, "nodes": 2},
        site={"domain": "ml.example.org"},
        loadBalancer={"scheme": "internet-facing"},
    )
    for field in ("network.cidr", "network.zones", "site.zoneId", "loadBalancer.domain"):
        assert f"mlplatform:{field}" in found
    assert found.startswith("Pulumi.dev.yaml has 5 problems:")


def test_pages_of_the_sites_name_may_read_answers_unless_another_origin_is_named() -> None:
    named = {"domain": "ml.example.org", "zoneId": ZONE}
    assert loaded().cors_origins == ()
    assert loaded(api={"corsOrigins": ["*"]}).cors_origins == ("*",)
    assert loaded(site=named).cors_origins == ("https://ml.example.org",)
    chosen = ["https://app.example.org", "https://www.example.org"]
    assert loaded(site=named, api={"corsOrigins": chosen}).cors_origins == tuple(chosen)


def test_the_zones_of_a_database_are_two_at_least() -> None:
    assert loaded(network={"zones": ["a"]}).network.data_zones == ("a", "b")
    assert loaded(network={"zones": ["c"], "secondZone": "d"}).network.data_zones == ("c", "d")
    assert loaded(network={"zones": ["a", "b", "c"]}).network.data_zones == ("a", "b", "c")
