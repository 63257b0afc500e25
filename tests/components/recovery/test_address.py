"""The API's name: its own certificate and domain in each region, and a record that follows the regions' health."""

from __future__ import annotations

from typing import Any

import pytest

from components.recovery import Address
from tests.components.recorder import Recording, record

HOST = "abc123.execute-api.us-east-1.amazonaws.com"


def run(**more: Any) -> Recording:
    args: Any = {
        "domain": "api.example.org",
        "zone_id": "Z0123456789ABC",
        "rest_api_id": "abc123",
        "stage_name": "api",
        "host": HOST,
        "region": "us-east-1",
        **more,
    }

    def program() -> dict[str, Any]:
        made = Address("address", args)
        return {"url": made.url, "alarms": [(row.name, row.missing_data, row.runbook) for row in made.alarms()]}

    return record(program)


def test_a_name_alone_leads_to_the_api_without_a_health_check() -> None:
    recording = run()
    assert recording.value == {"url": "https://api.example.org/api/v1", "alarms": []}
    assert recording.of_type("aws:route53/healthCheck:HealthCheck") == []
    found = recording.one("aws:route53/record:Record", "address-record").inputs
    assert (found["name"], found["type"]) == ("api.example.org", "A")
    assert "failoverRoutingPolicies" not in found
    assert "setIdentifier" not in found


def test_the_domain_is_regional_and_speaks_tls_1_2_with_a_certificate_that_is_valid() -> None:
    recording = run()
    domain = recording.one("aws:apigateway/domainName:DomainName")
    assert domain.inputs["endpointConfiguration"] == {"types": "REGIONAL"}
    assert domain.inputs["securityPolicy"] == "TLS_1_2"
    assert recording.one("aws:acm/certificateValidation:CertificateValidation").urn in domain.dependencies
    mapping = recording.one("aws:apigateway/basePathMapping:BasePathMapping")
    assert (mapping.inputs["basePath"], mapping.inputs["stageName"], mapping.inputs["restApi"]) == (
        "api",
        "api",
        "abc123",
    )
    assert mapping.urn in recording.one("aws:route53/record:Record", "address-record").dependencies


@pytest.mark.parametrize("role", ["PRIMARY", "SECONDARY"])
def test_two_regions_share_a_name_by_the_health_of_each_api(role: str) -> None:
    recording = run(role=role)
    check = recording.one("aws:route53/healthCheck:HealthCheck")
    assert (check.inputs["fqdn"], check.inputs["resourcePath"], check.inputs["type"]) == (
        HOST,
        "/api/v1/health",
        "HTTPS",
    )
    assert (check.inputs["requestInterval"], check.inputs["failureThreshold"]) == (10, 3)
    assert (check.inputs["disabled"], check.inputs["invertHealthcheck"]) == (False, False)
    found = recording.one("aws:route53/record:Record", "address-record")
    assert found.inputs["failoverRoutingPolicies"] == [{"type": role}]
    assert found.inputs["setIdentifier"] == "us-east-1"
    assert check.urn in found.dependencies
    assert recording.value["alarms"] == [("region-unhealthy-us-east-1", "breaching", "fail-over-region")]


def test_a_region_that_is_held_back_counts_as_unhealthy_however_it_is() -> None:
    check = run(role="PRIMARY", held=True).one("aws:route53/healthCheck:HealthCheck")
    assert (check.inputs["disabled"], check.inputs["invertHealthcheck"]) == (True, True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"role": "THIRD"}, "role is 'THIRD'; allowed: PRIMARY, SECONDARY"),
        ({"held": True}, "held is True without a role"),
        ({"domain": "no name"}, "domain is 'no name'; allowed: a name such as"),
    ],
)
def test_a_name_that_would_lead_nowhere_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="'address") as caught:
        run(**change)
    assert says in str(caught.value)
