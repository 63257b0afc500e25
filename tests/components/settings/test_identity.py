"""Settings of identity: what Cognito and the network would refuse is told before anything is created."""

from __future__ import annotations

from typing import Any

import pytest

from components.settings.identity import Identity
from tests.components.test_settings import loaded, problems

WITH_NAT = {"zones": ["a"], "nat": "single"}


def test_by_default_everybody_proves_an_address_and_no_program_calls() -> None:
    identity = loaded().identity
    assert (identity.email_domains, identity.auto_confirm) == ((), False)
    assert (identity.domain, identity.programs, identity.guests) == (None, (), False)


def test_programs_and_their_scopes_are_read() -> None:
    given = {"domain": "acme-predictions", "programs": ["acme=predict+models", "globex=predict"]}
    identity = loaded(network=WITH_NAT, identity=given).identity
    assert identity.scopes() == {"acme": ("predict", "models"), "globex": ("predict",)}


def test_a_domain_needs_a_way_out_since_it_closes_privatelink() -> None:
    (found,) = problems(identity={"domain": "acme-predictions"})
    assert "identity.domain is 'acme-predictions' while network.nat is none" in found
    assert "set network.nat to single or perAz" in found
    assert loaded(network=WITH_NAT, identity={"domain": "acme-predictions"}).identity.domain == "acme-predictions"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"programs": ["acme=predict"]}, "identity.programs needs identity.domain"),
        ({"domain": "acme", "programs": ["acme=fly+predict"]}, "identity.programs gives acme fly; allowed: approve"),
        ({"domain": "acme", "programs": ["a=predict", "a=models"]}, "allowed: each name once"),
        ({"domain": "acme", "programs": ["acme"]}, "acme=predict+models"),
        ({"domain": "amazon-like"}, "without the words aws, amazon and cognito"),
        ({"domain": "x" * 64}, "1 to 63"),
        ({"emailDomains": ["@example.org"]}, "domains such as example.org"),
        ({"emailDomains": ["example.org", "example.org"]}, "each once"),
        ({"guests": "yes"}, "true or false"),
        ({"guest": True}, "guests"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(given: dict[str, Any], says: str) -> None:
    found = problems(network=WITH_NAT, identity=given)
    assert len(found) == 1, found
    assert says in found[0]


def test_every_problem_is_told_at_once() -> None:
    identity = Identity(domain="acme", programs=("acme=fly", "acme=sing"))
    assert len(identity.problems("none")) == 3
