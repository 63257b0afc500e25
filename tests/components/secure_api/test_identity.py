"""Who may have an account, what the pool calls, which programs may call, and what a user reaches in S3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.secure_api import SecureApi
from components.secure_api.identity_functions import TRIGGER_TIMEOUT_S
from functions.shared.identity.pool import pools
from functions.shared.identity.settings import TokenSettings
from tests.components.recorder import ACCOUNT, REGION, Recording, record
from tests.components.secure_api.test_component import args, body, key, rights, run

POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
DOMAIN = "aws:cognito/userPoolDomain:UserPoolDomain"
INVOCATION = "aws:lambda/invocation:Invocation"
IDENTITIES = "aws:cognito/identityPool:IdentityPool"
SIGNUP = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlplatform-dev-signup:live"


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run()


def variables(recording: Recording, capability: str) -> dict[str, str]:
    name = f"mlplatform-dev-{capability}"
    rows = recording.of_type("aws:lambda/function:Function")
    found: dict[str, str] = next(row for row in rows if row.inputs["name"] == name).inputs["environment"]["variables"]
    return found


def trust(recording: Recording, name: str) -> dict[str, Any]:
    role = recording.one("aws:iam/role:Role", name)
    found: dict[str, Any] = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
    return found


def test_the_pool_asks_its_function_before_a_sign_up_and_tells_it_of_a_confirmation(recording: Recording) -> None:
    assert recording.one(POOL).inputs["lambdaConfig"] == {"preSignUp": SIGNUP, "postConfirmation": SIGNUP}


def test_only_this_pool_may_call_the_function(recording: Recording) -> None:
    rows = recording.of_type("aws:lambda/permission:Permission")
    (row,) = [row for row in rows if row.inputs["principal"] == "cognito-idp.amazonaws.com"]
    pool = recording.one("aws:cognito/resourceServer:ResourceServer").inputs["userPoolId"]
    assert row.inputs["sourceArn"] == f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}"
    assert (row.inputs["function"], row.inputs["qualifier"]) == ("mlplatform-dev-signup", "live")


def test_the_function_answers_within_cognitos_patience(recording: Recording) -> None:
    row = recording.one("aws:lambda/function:Function", "api-identity-signup-function")
    assert row.inputs["timeout"] == TRIGGER_TIMEOUT_S == 5
    assert not row.inputs.get("vpcConfig")


def test_the_function_records_users_and_puts_them_into_groups_of_this_pool_alone(recording: Recording) -> None:
    own = rights(recording, "api-identity-signup-rights")
    assert own["RecordUsers"]["Action"] == ["dynamodb:PutItem"]
    assert own["RecordUsers"]["Resource"] == [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-users"]
    groups = rights(recording, "api-identity-signup-groups")["JoinGroups"]
    assert groups["Action"] == ["cognito-idp:AdminAddUserToGroup"]
    assert groups["Resource"][0].startswith(f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_")


def test_nobody_is_confirmed_and_no_domain_is_refused_by_default(recording: Recording) -> None:
    assert variables(recording, "signup") == {"USERS_TABLE": "mlplatform-dev-users", "AUTO_CONFIRM": "false"}
    chosen = variables(run(email_domains=["example.org", "example.net"], auto_confirm=True), "signup")
    assert (chosen["EMAIL_DOMAINS"], chosen["AUTO_CONFIRM"]) == ("example.org,example.net", "true")


def test_keys_are_read_once_and_given_to_every_function_that_checks_tokens(recording: Recording) -> None:
    pool = recording.one("aws:cognito/resourceServer:ResourceServer").inputs["userPoolId"]
    called = recording.one(INVOCATION).inputs
    assert json.loads(called["input"]) == {"userPools": [pool]}
    assert (called["functionName"], called["qualifier"]) == ("mlplatform-dev-keyring", "live")
    # Called again on each update the keys would be a difference in each preview.
    assert called.get("lifecycleScope", "CREATE_ONLY") == "CREATE_ONLY"
    assert "triggers" not in called
    for capability in ("accounts", "predictions", "registry", "trainings"):
        found = variables(recording, capability)
        assert found["JWKS"] == "{}"
        assert found["SESSIONS_TABLE"] == "mlplatform-dev-sessions"
        assert "OTHER_POOLS" not in found
        assert "PROGRAM_CLIENT_IDS" not in found


def test_every_function_that_checks_tokens_may_see_ended_sessions(recording: Recording) -> None:
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-sessions"
    for capability in ("accounts", "predictions", "registry", "trainings"):
        found = rights(recording, f"api-{capability}-rights")["SeeEndedSessions"]
        assert found["Action"] == ["dynamodb:BatchGetItem", "dynamodb:GetItem"]
        assert found["Resource"] == [table]


def test_accounts_keep_sessions_and_find_those_of_a_user(recording: Recording) -> None:
    found = rights(recording, "api-accounts-rights")
    base = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev"
    assert found["KeepSessions"]["Resource"] == [f"{base}-sessions", f"{base}-users"]
    assert found["FindSessions"]["Resource"] == [f"{base}-sessions/index/UserIdIndex"]
    assert variables(recording, "accounts")["SESSION_DAYS"] == "30"
    assert recording.one(CLIENT).inputs["refreshTokenValidity"] == 30


def test_pools_of_other_regions_count_at_the_gateway_and_in_code() -> None:
    arn = f"arn:aws:cognito-idp:us-west-2:{ACCOUNT}:userpool/us-west-2_Other"
    other = {"user_pool_id": "us-west-2_Other", "user_pool_arn": arn, "client_id": "west"}
    recording = run(other_pools=[other])
    authorizers = [
        scheme["x-amazon-apigateway-authorizer"]["providerARNs"]
        for scheme in body(recording)["components"]["securitySchemes"].values()
    ]
    assert [arns[1:] for arns in authorizers] == [[arn]]
    assert json.loads(recording.one(INVOCATION).inputs["input"])["userPools"][1:] == ["us-west-2_Other"]
    found = variables(recording, "predictions")
    told = TokenSettings(user_pool_id="own", client_id="app", other_pools=found["OTHER_POOLS"])
    assert pools(told) == {"own": {"app"}, "us-west-2_Other": {"west"}}


def test_programs_get_tokens_for_their_scopes_and_sign_nobody_in() -> None:
    recording = run(domain="acme-predictions", programs={"acme": ["predict", "models"], "globex": ["predict"]})
    assert recording.one(DOMAIN).inputs["domain"] == "acme-predictions"
    acme = recording.one(CLIENT, "api-identity-acme").inputs
    assert acme["generateSecret"] is True
    assert acme["allowedOauthFlows"] == ["client_credentials"]
    assert acme["allowedOauthFlowsUserPoolClient"] is True
    assert acme["allowedOauthScopes"] == ["platform/models", "platform/predict"]
    assert acme["explicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert set(acme["tokenValidityUnits"]) == {"accessToken", "idToken", "refreshToken"}
    assert len(recording.of_type(CLIENT)) == 3
    assert len(variables(recording, "predictions")["PROGRAM_CLIENT_IDS"].split(",")) == 2


def test_there_is_no_domain_unless_it_is_asked_for(recording: Recording) -> None:
    assert not recording.of_type(DOMAIN)


def test_a_user_reaches_a_folder_of_their_own_by_a_tag_made_of_the_token(recording: Recording) -> None:
    tags = recording.one("aws:cognito/identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag").inputs
    assert (tags["principalTags"], tags["useDefaults"]) == ({"userId": "sub"}, False)
    found = rights(recording, "api-folders-authenticated-rights")
    folder = "users/${aws:PrincipalTag/userId}/*"
    assert found["OwnFolder"]["Resource"] == [f"arn:aws:s3:::mlplatform-dev-processed/{folder}"]
    assert found["OwnFolder"]["Action"] == ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    assert found["ListOwnFolder"]["Condition"] == {"StringLike": {"s3:prefix": [folder]}}
    assert found["UseBucketKey"]["Resource"] == [key("data")]
    assert found["UseBucketKey"]["Condition"] == {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}}
    assert set(found) == {"OwnFolder", "ListOwnFolder", "UseBucketKey"}


def test_only_signed_in_users_of_this_pool_assume_the_role(recording: Recording) -> None:
    identities = recording.one(IDENTITIES).inputs
    assert identities["allowClassicFlow"] is False
    (provider,) = identities["cognitoIdentityProviders"]
    assert provider["serverSideTokenCheck"] is True
    pool = recording.one("aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment").inputs["identityPoolId"]
    found = trust(recording, "api-folders-authenticated")
    assert found["Principal"] == {"Federated": "cognito-identity.amazonaws.com"}
    assert found["Action"] == ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    assert found["Condition"] == {
        "StringEquals": {"cognito-identity.amazonaws.com:aud": [pool]},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": ["authenticated"]},
    }


def test_guests_are_nobody_unless_that_is_asked_for(recording: Recording) -> None:
    assert recording.one(IDENTITIES).inputs["allowUnauthenticatedIdentities"] is False
    assert not [row for row in recording.of_type("aws:iam/role:Role") if row.name.endswith("unauthenticated")]


def test_guests_read_the_public_prefix_and_nothing_else() -> None:
    recording = run(guests=True)
    assert recording.one(IDENTITIES).inputs["allowUnauthenticatedIdentities"] is True
    found = rights(recording, "api-folders-unauthenticated-rights")
    assert found["ReadPublic"]["Action"] == ["s3:GetObject"]
    assert found["ReadPublic"]["Resource"] == ["arn:aws:s3:::mlplatform-dev-processed/public/*"]
    assert found["UseBucketKey"]["Action"] == ["kms:Decrypt"]
    assert set(found) == {"ReadPublic", "UseBucketKey"}
    asked = trust(recording, "api-folders-unauthenticated")
    assert asked["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert asked["Condition"]["ForAnyValue:StringLike"] == {"cognito-identity.amazonaws.com:amr": ["unauthenticated"]}
    roles = recording.one("aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment").inputs["roles"]
    assert set(roles) == {"authenticated", "unauthenticated"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"programs": {"acme": ["predict"]}}, "programs get their tokens from the pool's domain"),
        ({"domain": "my-aws-pool"}, "domain is 'my-aws-pool'; allowed"),
        ({"domain": "Upper"}, "domain is 'Upper'; allowed"),
        (
            {"domain": "acme", "programs": {"acme": ["fly"]}},
            r"programs.acme is \['fly'\]; allowed: one or more of approve",
        ),
        ({"domain": "acme", "programs": {"acme": []}}, r"programs.acme is \[\]; allowed"),
        ({"domain": "acme", "programs": {"Acme": ["predict"]}}, "programs has 'Acme'; allowed: names of lower-case"),
    ],
)
def test_what_cognito_would_refuse_is_named(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        record(lambda: SecureApi("api", args(**more)).api_url)


def test_an_api_tells_another_regions_api_whom_to_trust() -> None:
    def program() -> Any:
        first = SecureApi("api", args(domain="acme", programs={"acme": ["predict"]}))
        return dict(first.trusted_pool())

    found = record(program).value
    assert found["user_pool_arn"].endswith(f"userpool/{found['user_pool_id']}")
    assert len(found["client_id"].split(",")) == 2
