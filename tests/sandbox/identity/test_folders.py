"""Identity pools: who gets credentials, of which role, and what they say of their owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.ledger import Ledger, Resource
from tests.sandbox.identity.support import Place, Pool, claims

ROLE = "arn:aws:iam::123456789012:role/people"
GUESTS = "arn:aws:iam::123456789012:role/guests"


class Identities:
    """An identity pool of a user pool, as the program declares it."""

    def __init__(self, place: Place, pool: Pool, *, guests: bool = False, **more: Any) -> None:
        self.place, self.client = place, place.cloud.client("cognito-identity")
        self.provider = f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
        self.id = self.client.create_identity_pool(IdentityPoolName="people", AllowUnauthenticatedIdentities=guests)[
            "IdentityPoolId"
        ]
        row = {"clientId": pool.client_id, "providerName": self.provider, "serverSideTokenCheck": True}
        roles = {"authenticated": ROLE} | ({"unauthenticated": GUESTS} if guests else {})
        tags = {"identityProviderName": self.provider, "principalTags": {"userId": "sub"}}
        ledger = Ledger()
        for kind, inputs in (
            (
                "identityPool:IdentityPool",
                {"allowUnauthenticatedIdentities": guests, "cognitoIdentityProviders": [row]},
            ),
            ("identityPoolRoleAttachment:IdentityPoolRoleAttachment", {"identityPoolId": self.id, "roles": roles}),
            ("identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag", {"identityPoolId": self.id, **tags}),
        ):
            declared = {**inputs, **more.get(kind.partition(":")[0], {})}
            ledger.add(Resource(f"urn:{kind}", f"aws:cognito/{kind}", kind, inputs=declared, outputs={"id": self.id}))
        place.identities.attach(ledger)

    def logins(self, token: str) -> dict[str, Any]:
        return {"Logins": {self.provider: token}}

    def identity(self, **more: Any) -> str:
        return str(self.client.get_id(IdentityPoolId=self.id, **more)["IdentityId"])

    def credentials(self, identity: str, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_credentials_for_identity(IdentityId=identity, **more)["Credentials"]
        return found

    def refused(self, **more: Any) -> tuple[str, str]:
        """Code and words of a refusal to give an identity."""
        with pytest.raises(ClientError) as caught:
            self.identity(**more)
        error: Mapping[str, str] = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture
def identities(place: Place, pool: Pool) -> Identities:
    return Identities(place, pool)


def test_a_user_gets_the_role_of_people_tagged_with_their_id(identities: Identities, pool: Pool) -> None:
    user_id = pool.member()
    shown = identities.logins(pool.tokens()["IdToken"])
    identity = identities.identity(**shown)
    assert identity == identities.identity(**identities.logins(pool.tokens()["IdToken"]))
    assert identity.startswith("us-east-1:")
    found = identities.credentials(identity, **shown)
    caller = identities.place.callers.of(found["AccessKeyId"])
    assert caller is not None
    assert (caller.principal, caller.context) == (ROLE, {"aws:principaltag/userid": (user_id,)})
    assert found["SessionToken"]


def test_each_user_is_somebody_else(identities: Identities, pool: Pool) -> None:
    people = []
    for email in ("ada@example.org", "bob@example.org"):
        pool.member(email)
        shown = identities.logins(pool.tokens(email)["IdToken"])
        people.append((identities.identity(**shown), shown))
    (ada, _), (bob, shown) = people
    assert ada != bob
    with pytest.raises(ClientError, match="is forbidden"):
        identities.credentials(ada, **shown)


def test_a_token_of_another_kind_pool_or_time_is_refused(identities: Identities, pool: Pool, place: Place) -> None:
    pool.member()
    tokens = pool.tokens()
    other = Pool(place)
    other.member("eve@example.org")
    head, body, signature = tokens["IdToken"].split(".")
    wrong = {
        "Incorrect token audience": tokens["AccessToken"],
        "Not a valid OpenId Connect token": other.tokens("eve@example.org")["IdToken"],
        "valid OpenId": f"{head}.{body}.{signature[::-1]}",
        "Not a valid": "nonsense",
    }
    for words, token in wrong.items():
        code, message = identities.refused(**identities.logins(token))
        assert code == "NotAuthorizedException"
        assert words in message
    code, message = identities.refused(Logins={"graph.facebook.com": tokens["IdToken"]})
    assert "not from a supported provider" in message
    place.clock.now = claims(tokens["IdToken"])["exp"]
    assert "Token expired" in identities.refused(**identities.logins(tokens["IdToken"]))[1]


@pytest.mark.parametrize("by", ["sign-out", "deletion", "disabling"])
def test_a_token_whose_session_or_user_is_over_is_refused(
    identities: Identities, pool: Pool, place: Place, by: str
) -> None:
    pool.member()
    shown, whom = identities.logins(pool.tokens()["IdToken"]), {"UserPoolId": pool.id, "Username": "ada@example.org"}
    identity = identities.identity(**shown)
    ends = {
        "sign-out": place.cognito.admin_user_global_sign_out,
        "deletion": place.cognito.admin_delete_user,
        "disabling": place.cognito.admin_disable_user,
    }
    ends[by](**whom)
    with pytest.raises(ClientError, match="revoked or its user is gone"):
        identities.credentials(identity, **shown)


def test_guests_are_let_in_only_where_the_pool_says_so(identities: Identities, pool: Pool, place: Place) -> None:
    assert identities.refused() == (
        "NotAuthorizedException",
        "Unauthenticated access is not supported for this identity pool.",
    )
    opened = Identities(place, pool, guests=True)
    first, second = opened.identity(), opened.identity()
    assert first != second
    caller = place.callers.of(opened.credentials(first)["AccessKeyId"])
    assert caller is not None
    assert (caller.principal, caller.context) == (GUESTS, {})


def test_nobody_chooses_a_role_by_the_older_flow(identities: Identities, pool: Pool) -> None:
    pool.member()
    shown = identities.logins(pool.tokens()["IdToken"])
    with pytest.raises(ClientError, match="classic"):
        identities.client.get_open_id_token(IdentityId=identities.identity(**shown), **shown)


def test_a_pool_without_a_role_gives_no_credentials(place: Place, pool: Pool) -> None:
    bare = Identities(place, pool, identityPoolRoleAttachment={"roles": {}})
    pool.member()
    shown = bare.logins(pool.tokens()["IdToken"])
    with pytest.raises(ClientError, match="Check assigned IAM roles"):
        bare.credentials(bare.identity(**shown), **shown)


def test_a_pool_that_nobody_declared_is_left_to_moto(identities: Identities) -> None:
    made = identities.client.create_identity_pool(IdentityPoolName="bare", AllowUnauthenticatedIdentities=False)
    identity = identities.client.get_id(IdentityPoolId=made["IdentityPoolId"])["IdentityId"]
    assert identities.place.callers.of(identities.credentials(identity)["AccessKeyId"]) is None
