"""Certificate, log and mark of the site, and the firewalls that the mark ties together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.secure_api.web_acl import MARK_HEADER, WebAcl, WebAclArgs, rules
from components.site import Certificate, CertificateArgs, Mark, SiteLog
from components.site.log import FIELDS
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"


def certificate(**more: Any) -> Recording:
    args: Any = {"domain": "ml.example.org", "zone_id": "Z1", **more}
    given: CertificateArgs = args
    return record(lambda: Certificate("site", given).arn)


def acl(**more: Any) -> Recording:
    args: Any = {"name_prefix": "mlplatform-dev", "key_arn": KEY, **more}
    given: WebAclArgs = args

    def program() -> Any:
        made = WebAcl("firewall", given)
        return {"alarms": [row.name for row in made.alarms()], "dimensions": dict(made.blocked().dimensions)}

    return record(program)


def test_a_certificate_proves_itself_in_the_zone_and_is_used_once_valid() -> None:
    recording = certificate()
    asked = recording.one("aws:acm/certificate:Certificate")
    assert (asked.inputs["domainName"], asked.inputs["validationMethod"]) == ("ml.example.org", "DNS")
    proof = recording.one("aws:route53/record:Record").inputs
    assert (proof["zoneId"], proof["type"], proof["ttl"]) == ("Z1", "CNAME", 300)
    assert proof["name"].endswith(".ml.example.org.")
    assert proof["records"][0].endswith(".acm-validations.aws.")
    valid = recording.one("aws:acm/certificateValidation:CertificateValidation")
    assert recording.one("aws:route53/record:Record").urn in valid.dependencies
    assert recording.value == valid.inputs["certificateArn"]


@pytest.mark.parametrize("domain", ["example", "-a.org", "a..org", "UPPER.org", f"{'a' * 64}.org", "https://a.org"])
def test_a_name_that_is_none_is_refused(domain: str) -> None:
    with pytest.raises(ValueError, match=r"domain is '.*'; allowed: a name such as ml\.example\.org"):
        certificate(domain=domain)


def test_the_log_goes_to_its_folder_without_personal_data() -> None:
    def program() -> None:
        SiteLog(
            "log",
            {
                "name_prefix": "mlplatform-dev",
                "distribution_arn": "arn:aws:cloudfront::1:distribution/E1",
                "bucket_arn": "arn:aws:s3:::logs",
            },
        )

    recording = record(program)
    source = recording.one("aws:cloudwatch/logDeliverySource:LogDeliverySource").inputs
    assert (source["logType"], source["resourceArn"]) == ("ACCESS_LOGS", "arn:aws:cloudfront::1:distribution/E1")
    destination = recording.one("aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination").inputs
    assert destination["deliveryDestinationConfiguration"] == {"destinationResourceArn": "arn:aws:s3:::logs/api/site"}
    delivery = recording.one("aws:cloudwatch/logDelivery:LogDelivery").inputs
    assert delivery["recordFields"] == list(FIELDS)
    assert "s3DeliveryConfigurations" not in delivery
    personal = {"c-ip", "cs(Cookie)", "cs-uri-query", "x-forwarded-for", "cs(User-Agent)", "cs(Referer)"}
    assert personal.isdisjoint(FIELDS)


def test_the_mark_is_secret_and_stays_the_first_one() -> None:
    recording = record(lambda: Mark("mark", {"name_prefix": "mlplatform-dev", "key_arn": KEY}).value)
    version = recording.one("aws:secretsmanager/secretVersion:SecretVersion")
    assert version.secrets == {"secretString"}
    assert version.ignore_changes == ("secretString",)
    assert recording.one("aws:secretsmanager/secret:Secret").inputs["kmsKeyId"] == KEY
    assert len(recording.value) >= 40


def test_a_firewall_of_the_site_is_cloudfronts_and_named_by_it() -> None:
    recording = acl(noun="site")
    found = recording.one("aws:wafv2/webAcl:WebAcl").inputs
    assert (found["scope"], found["name"]) == ("CLOUDFRONT", "mlplatform-dev-site")
    assert recording.of_type("aws:wafv2/webAclAssociation:WebAclAssociation") == []
    assert recording.value == {
        "alarms": ["site-blocked"],
        "dimensions": {"WebACL": "mlplatform-dev-site", "Rule": "ALL"},
    }


def test_a_firewall_of_a_region_is_put_before_its_resource() -> None:
    recording = acl(noun="balancer", resource_arn="arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/b")
    assert recording.one("aws:wafv2/webAcl:WebAcl").inputs["scope"] == "REGIONAL"
    association = recording.one("aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert association["resourceArn"].endswith("loadbalancer/app/a/b")
    assert recording.value["alarms"] == ["balancer-blocked"]


def test_marked_requests_pass_address_and_country_and_nothing_else() -> None:
    plain, marked = ({row["name"]: row for row in rules(2000, ["US"], mark)} for mark in (None, "secret-text"))
    changed = {name for name in plain if plain[name] != marked[name]}
    assert changed == {"countries", "rate"}
    for name in changed:
        text = json.dumps(marked[name]["statement"])
        assert MARK_HEADER in text
        assert '"search_string": "secret-text"' in text
        assert '"not_statement"' in text


def test_health_checks_are_answered_from_every_country_on_their_path_alone() -> None:
    plain, asked = (
        {row["name"]: row for row in rules(2000, ["US"], "secret-text", health_path=path)}
        for path in (None, "/api/v1/health")
    )
    assert {name for name in plain if plain[name] != asked[name]} == {"countries"}
    *others, differs = asked["countries"]["statement"]["and_statement"]["statements"]
    assert others == plain["countries"]["statement"]["and_statement"]["statements"]
    match = differs["not_statement"]["statements"][0]["byte_match_statement"]
    assert (match["field_to_match"], match["positional_constraint"]) == ({"uri_path": {}}, "EXACTLY")
    assert match["search_string"] == "/api/v1/health"
    assert "countries" not in {row["name"] for row in rules(2000, [], health_path="/api/v1/health")}


def test_an_unknown_noun_is_refused() -> None:
    with pytest.raises(ValueError, match="noun is 'door'; allowed: api, site, balancer"):
        acl(noun="door")
