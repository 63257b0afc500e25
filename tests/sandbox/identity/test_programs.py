"""The token endpoint of a pool's domain: client credentials, with the scopes that the client may have."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox.identity.support import Place, Pool, claims

SCOPES = ["platform/predict", "platform/models"]


class Program:
    """A client with a secret."""

    def __init__(self, place: Place, *, domain: bool = True, **changes: Any) -> None:
        self.place, self.pool = place, Pool(place)
        scopes = [{"ScopeName": name.partition("/")[2], "ScopeDescription": name} for name in SCOPES]
        place.cognito.create_resource_server(
            UserPoolId=self.pool.id, Identifier="platform", Name="platform", Scopes=scopes
        )
        if domain:
            place.cognito.create_user_pool_domain(UserPoolId=self.pool.id, Domain=f"partners-{self.pool.client_id}")
        declared = {
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthScopes": SCOPES,
        } | changes
        made = place.cognito.create_user_pool_client(UserPoolId=self.pool.id, ClientName="robot", **declared)
        self.id, self.secret = made["UserPoolClient"]["ClientId"], made["UserPoolClient"].get("ClientSecret", "")

    def ask(self, *, basic: bool = True, secret: str = "", **form: str) -> tuple[int, Any]:
        given = {"grant_type": "client_credentials", **form}
        secret = secret or self.secret
        if not basic:
            return self.place.get("/oauth2/token", {**given, "client_id": self.id, "client_secret": secret})
        header = base64.b64encode(f"{self.id}:{secret}".encode()).decode()
        return self.place.get("/oauth2/token", given, Authorization=f"Basic {header}")


@pytest.mark.parametrize("basic", [True, False])
def test_a_program_gets_a_token_for_its_scopes(place: Place, basic: bool) -> None:
    program = Program(place, AccessTokenValidity=10, TokenValidityUnits={"AccessToken": "minutes"})
    status, answer = program.ask(basic=basic)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 600)
    found = claims(answer["access_token"])
    assert found["sub"] == found["client_id"] == program.id
    assert found["scope"].split() == SCOPES
    assert (found["token_use"], found["exp"] - found["iat"]) == ("access", 600)
    assert not {"username", "cognito:groups", "origin_jti"} & set(found)


def test_a_program_may_ask_for_less(place: Place) -> None:
    _, answer = Program(place).ask(scope="platform/models")
    assert claims(answer["access_token"])["scope"] == "platform/models"


@pytest.mark.parametrize(
    "scope", ["platform/approve", "platform/models platform/approve", "aws.cognito.signin.user.admin"]
)
def test_a_program_gets_no_scope_that_it_may_not_have(place: Place, scope: str) -> None:
    assert Program(place).ask(scope=scope) == (400, {"error": "invalid_scope"})


def test_a_wrong_secret_an_unknown_client_and_no_client_look_the_same(place: Place) -> None:
    program = Program(place)
    refused = (400, {"error": "invalid_client"})
    assert program.ask(secret="wrong") == refused
    assert place.get("/oauth2/token", {"grant_type": "client_credentials"}) == refused
    header = {"Authorization": "Basic !!!"}
    assert place.get("/oauth2/token", {"grant_type": "client_credentials"}, **header) == refused
    program.id = "unknown"
    assert program.ask() == refused


def test_a_pool_without_a_domain_has_no_token_endpoint(place: Place) -> None:
    assert Program(place, domain=False).ask() == (400, {"error": "invalid_client"})


@pytest.mark.parametrize("changes", [{"AllowedOAuthFlows": ["code"]}, {"AllowedOAuthFlowsUserPoolClient": False}])
def test_a_client_without_the_grant_is_told(place: Place, changes: dict[str, Any]) -> None:
    assert Program(place, **changes).ask() == (400, {"error": "unauthorized_client"})


def test_a_client_without_a_secret_has_no_credentials(place: Place) -> None:
    assert Program(place, GenerateSecret=False).ask(secret="guess") == (400, {"error": "invalid_client"})


@pytest.mark.parametrize(("grant", "error"), [("password", "unsupported_grant_type"), ("", "invalid_request")])
def test_another_grant_is_told(place: Place, grant: str, error: str) -> None:
    assert Program(place).ask(grant_type=grant) == (400, {"error": error})


def test_a_long_form_is_not_read(place: Place) -> None:
    assert Program(place).ask(scope="x" * 20_000) == (400, {"error": "invalid_request"})
