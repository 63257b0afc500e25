"""The SecureApi component: users, functions, stage, logs and firewall."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from components.insights import may_ask
from components.secure_api import SecureApi, SecureApiArgs
from components.secure_api.identity import GROUPS, platform_scopes
from components.secure_api.watched.access import ACCESS_LOG
from functions.routes import ROUTES
from tests.components.recorder import ACCOUNT, REGION, Recording, record
from tests.components.secure_api.doors import BATCHES

POOL = "aws:cognito/userPool:UserPool"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
PERMISSION = "aws:lambda/permission:Permission"
CAPABILITIES = sorted({route.capability for route in ROUTES})
FUNCTIONS = len(CAPABILITIES) + 2
"""One a capability, the one that the user pool calls, and the one that reads its keys."""
MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:mlplatform-dev-training"


def key(name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"


def args(**more: Any) -> SecureApiArgs:
    given: SecureApiArgs = {
        "name_prefix": "mlplatform-dev",
        "environment": "dev",
        "keys": {"data": key("data"), "logs": key("logs"), "secrets": key("secrets")},
        "models_table": "mlplatform-dev-models",
        "predictions_table": "mlplatform-dev-predictions",
        "users_table": "mlplatform-dev-users",
        "sessions_table": "mlplatform-dev-sessions",
        "requests_table": "mlplatform-dev-requests",
        "folders_bucket": "mlplatform-dev-processed",
        "cache": {"host": "cache.example", "port": 6379, "secret_arn": "arn:aws:secretsmanager:::secret:cache"},
        "endpoint_name": "mlplatform-dev-predict",
        "state_machine_arn": MACHINE,
        "model_package_group": "mlplatform-dev-models",
        "batches": BATCHES,
        "insights": {
            "engine": "bedrock",
            "model_id": "us.anthropic.claude-example-v1:0",
            "counters_table": "mlplatform-dev-counters",
            "statements": may_ask(key("data"), "bedrock", "us.anthropic.claude-example-v1:0"),
        },
    }
    given.update(more)  # type: ignore[typeddict-item]  # any mixture of fields is what the tests are about
    return given


def run(**more: Any) -> Recording:
    return record(lambda: SecureApi("api", args(**more)).api_url)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run()


def rights(recording: Recording, name: str) -> dict[str, Any]:
    found = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in found}


def body(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recording.one("aws:apigateway/restApi:RestApi").inputs["body"])
    return found


def test_it_makes_exactly_these_resources(recording: Recording) -> None:
    assert recording.counts() == {
        "aws:apigateway/account:Account": 1,
        "aws:apigateway/deployment:Deployment": 1,
        SETTINGS: len(ROUTES) + 1,
        "aws:apigateway/restApi:RestApi": 1,
        "aws:apigateway/stage:Stage": 1,
        "aws:apigateway/usagePlan:UsagePlan": 1,
        "aws:cloudwatch/contributorInsightRule:ContributorInsightRule": 1,
        "aws:cloudwatch/logGroup:LogGroup": FUNCTIONS + 2 + 1,
        "aws:cloudwatch/logMetricFilter:LogMetricFilter": 3,
        "aws:cloudwatch/queryDefinition:QueryDefinition": 5,
        "aws:cognito/identityPool:IdentityPool": 1,
        "aws:cognito/identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag": 1,
        "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment": 1,
        "aws:cognito/resourceServer:ResourceServer": 1,
        "aws:cognito/userGroup:UserGroup": len(GROUPS),
        POOL: 1,
        "aws:cognito/userPoolClient:UserPoolClient": 1,
        "aws:iam/role:Role": FUNCTIONS + 2,
        "aws:iam/rolePolicy:RolePolicy": FUNCTIONS + 3,
        "aws:lambda/alias:Alias": FUNCTIONS,
        "aws:lambda/function:Function": FUNCTIONS,
        "aws:lambda/invocation:Invocation": 1,
        PERMISSION: len(ROUTES) + 1,
        "aws:wafv2/webAcl:WebAcl": 1,
        "aws:wafv2/webAclAssociation:WebAclAssociation": 1,
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": 1,
        "mlplatform:index:Folders": 1,
        "mlplatform:index:Function": FUNCTIONS,
        "mlplatform:index:Identity": 1,
        "mlplatform:index:SecureApi": 1,
        "mlplatform:index:WebAcl": 1,
    }


def test_everything_is_below_the_component(recording: Recording) -> None:
    assert [resource.name for resource in recording.resources if not resource.parent] == ["api"]


def test_the_address_ends_where_routes_begin(recording: Recording) -> None:
    assert recording.value.startswith("https://")
    assert recording.value.endswith(".amazonaws.com/api/v1")


def test_passwords_and_recovery_are_as_required(recording: Recording) -> None:
    pool = recording.one(POOL).inputs
    policy = pool["passwordPolicy"]
    assert policy["minimumLength"] == 8
    assert all(policy[f"require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert pool["accountRecoverySetting"]["recoveryMechanisms"] == [{"name": "verified_email", "priority": 1}]
    assert pool["usernameAttributes"] == pool["autoVerifiedAttributes"] == ["email"]
    assert [row["name"] for row in pool["schemas"]] == ["email", "name", "phone_number", "locale"]


def test_the_pool_keeps_its_accounts_by_default(recording: Recording) -> None:
    pool = recording.one(POOL)
    assert pool.protect
    assert pool.inputs["deletionProtection"] == "ACTIVE"
    loose = run(protect=False).one(POOL)
    assert not loose.protect
    assert loose.inputs["deletionProtection"] == "INACTIVE"


@pytest.mark.parametrize("mfa", ["OPTIONAL", "ON"])
def test_a_second_factor_is_an_authenticator_app(mfa: str) -> None:
    pool = run(mfa=mfa).one(POOL).inputs
    assert pool["mfaConfiguration"] == mfa
    assert pool["softwareTokenMfaConfiguration"] == {"enabled": True}
    assert "smsConfiguration" not in pool


def test_text_messages_bring_a_role_that_only_cognito_takes() -> None:
    recording = run(sms=True)
    pool = recording.one(POOL).inputs["smsConfiguration"]
    role = recording.one("aws:iam/role:Role", "api-identity-messages")
    trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
    assert trust["Principal"] == {"Service": "cognito-idp.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["sts:ExternalId"] == [pool["externalId"]]
    assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == [ACCOUNT]
    found = rights(recording, "api-identity-messages-rights")
    assert (found["SendMessages"]["Action"], found["SendMessages"]["Resource"]) == (["sns:Publish"], ["*"])
    assert (found["NoTopics"]["Effect"], found["NoTopics"]["Resource"]) == ("Deny", ["arn:aws:sns:*:*:*"])


@pytest.mark.parametrize(("threat", "tier"), [("OFF", "ESSENTIALS"), ("AUDIT", "PLUS"), ("ENFORCED", "PLUS")])
def test_threat_protection_chooses_the_tier_that_has_it(threat: str, tier: str) -> None:
    pool = run(threat_protection=threat).one(POOL).inputs
    assert (pool["userPoolAddOns"], pool["userPoolTier"]) == ({"advancedSecurityMode": threat}, tier)


def test_no_user_is_charged_for_unless_threat_protection_is_asked_for(recording: Recording) -> None:
    assert recording.one(POOL).inputs["userPoolTier"] == "ESSENTIALS"


def test_the_client_signs_in_by_password_for_an_hour(recording: Recording) -> None:
    client = recording.one("aws:cognito/userPoolClient:UserPoolClient").inputs
    assert set(client["explicitAuthFlows"]) == {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert (client["accessTokenValidity"], client["tokenValidityUnits"]["accessToken"]) == (60, "minutes")
    assert client["preventUserExistenceErrors"] == "ENABLED"
    assert client["enableTokenRevocation"] is True
    assert client["generateSecret"] is False


def test_groups_and_scopes_are_those_of_the_routes(recording: Recording) -> None:
    groups = {row.inputs["name"] for row in recording.of_type("aws:cognito/userGroup:UserGroup")}
    assert groups == set(GROUPS) == {"administrators", "users", "premium", "scientists", "approvers"}
    assert {group for route in ROUTES for group in route.groups} <= groups
    server = recording.one("aws:cognito/resourceServer:ResourceServer").inputs
    assert (server["identifier"], [row["scopeName"] for row in server["scopes"]]) == ("platform", platform_scopes())
    assert platform_scopes() == ["approve", "insights", "metrics", "models", "predict", "train"]


def test_the_gateway_deploys_the_document_and_stops_at_errors_alone(recording: Recording) -> None:
    api = recording.one("aws:apigateway/restApi:RestApi").inputs
    assert api["failOnWarnings"] is False
    assert api["endpointConfiguration"] == {"types": "REGIONAL"}
    document = body(recording)
    for route in ROUTES:
        uri = document["paths"][route.path][route.method.lower()]["x-amazon-apigateway-integration"]["uri"]
        assert f":function:mlplatform-dev-{route.capability}:live/invocations" in uri


def test_another_document_is_another_deployment(recording: Recording) -> None:
    def trigger(found: Recording) -> str:
        return str(found.one("aws:apigateway/deployment:Deployment").inputs["triggers"]["document"])

    text = recording.one("aws:apigateway/restApi:RestApi").inputs["body"]
    assert trigger(recording) == hashlib.sha256(text.encode()).hexdigest()
    assert trigger(run()) == trigger(recording)
    assert trigger(run(cors_origins=["https://app.example.org"])) != trigger(recording)


def test_functions_are_told_of_origins_where_there_are_any(recording: Recording) -> None:
    def told(found: Recording) -> set[str | None]:
        functions = found.of_type("aws:lambda/function:Function")
        return {row.inputs["environment"]["variables"].get("CORS_ORIGINS") for row in functions}

    assert told(recording) == {None}
    assert "https://a.example,https://b.example" in told(run(cors_origins=["https://a.example", "https://b.example"]))


def test_each_route_may_call_its_alias_and_nothing_else(recording: Recording) -> None:
    api = recording.one("aws:apigateway/stage:Stage").inputs["restApi"]
    rows = [row for row in recording.of_type(PERMISSION) if row.inputs["principal"] == "apigateway.amazonaws.com"]
    granted = {(row.inputs["function"], row.inputs["sourceArn"]) for row in rows}
    base = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/api"
    assert ("mlplatform-dev-predictions", f"{base}/POST/v1/ml/predict") in granted
    assert ("mlplatform-dev-registry", f"{base}/PUT/v1/models/*/approve") in granted
    assert len(granted) == len(ROUTES)
    assert {row.inputs["qualifier"] for row in recording.of_type(PERMISSION)} == {"live"}


def test_the_stage_is_traced_and_logged_without_personal_data(recording: Recording) -> None:
    stage = recording.one("aws:apigateway/stage:Stage").inputs
    assert (stage["stageName"], stage["xrayTracingEnabled"]) == ("api", True)
    assert json.loads(stage["accessLogSettings"]["format"]) == {**ACCESS_LOG, "apiName": "mlplatform-dev-api"}
    assert not [value for value in ACCESS_LOG.values() if "sourceIp" in value or "email" in value]
    for name in ("api-access-log", "api-error-log", "api-firewall-log"):
        log = recording.one("aws:cloudwatch/logGroup:LogGroup", name).inputs
        assert (log["kmsKeyId"], log["retentionInDays"]) == (key("logs"), 30)


def test_the_gateways_own_log_stands_before_the_stage(recording: Recording) -> None:
    log = recording.one("aws:cloudwatch/logGroup:LogGroup", "api-error-log")
    stage = recording.one("aws:apigateway/stage:Stage")
    assert log.inputs["name"] == f"API-Gateway-Execution-Logs_{stage.inputs['restApi']}/api"
    assert {log.urn, recording.one("aws:apigateway/account:Account").urn} <= stage.dependencies


def test_limits_come_from_the_settings_and_from_each_route() -> None:
    found = {
        row.inputs["methodPath"]: row.inputs["settings"]
        for row in run(requests_per_second=500, burst=900).of_type(SETTINGS)
    }
    assert (found["*/*"]["throttlingRateLimit"], found["*/*"]["throttlingBurstLimit"]) == (500, 900)
    for route in ROUTES:
        limits = found[f"{route.path[1:]}/{route.method}"]
        assert limits["throttlingRateLimit"] == route.throttle_rps
        assert limits["metricsEnabled"] is True
        assert limits["dataTraceEnabled"] is False
        assert limits["cachingEnabled"] is False


def test_the_account_role_can_be_left_to_another_stack() -> None:
    recording = run(account_logging=False)
    assert not recording.of_type("aws:apigateway/account:Account")


def test_only_what_has_no_resource_is_allowed_on_everything(recording: Recording) -> None:
    everywhere = {
        (policy.name, statement["Sid"])
        for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "*" in statement["Resource"]
    }
    functions = {(f"api-{name}-rights", "SendTraces") for name in CAPABILITIES}
    functions |= {(f"api-identity-{name}-rights", "SendTraces") for name in ("signup", "keyring")}
    assert everywhere == functions | {("api-logs-rights", "WriteLogs")}


@pytest.mark.parametrize(
    ("capability", "sids"),
    [
        (
            "accounts",
            {
                "KeepSessions",
                "FindSessions",
                "SeeEndedSessions",
                "ReadCachePassword",
                "ReadEncrypted",
                "OpenCachePassword",
                "CountCallers",
            },
        ),
        ("system", {"AskEndpoint", "ReadCachePassword", "OpenCachePassword"}),
        ("trainings", {"KeepAnswers", "StartTraining", "SeeEndedSessions", "ReadEncrypted"}),
        (
            "registry",
            {"ReadModels", "ListModels", "DecideOnModels", "SeeEndedSessions", "ReadEncrypted", "CountCallers"},
        ),
        (
            "predictions",
            {
                *("AskEndpoint", "KeepPredictions", "DescribeLiveModel", "ReadCachePassword"),
                *("SeeEndedSessions", "ReadEncrypted", "OpenCachePassword"),
            },
        ),
    ],
)
def test_each_function_may_do_its_part(recording: Recording, capability: str, sids: set[str]) -> None:
    own = {"WriteOwnLog", "SendTraces", "DecryptEnvironment"}
    assert set(rights(recording, f"api-{capability}-rights")) == own | sids


def test_environments_are_what_the_functions_settings_want(recording: Recording) -> None:
    pool = recording.one("aws:cognito/resourceServer:ResourceServer").inputs["userPoolId"]
    found = {
        row.inputs["name"].removeprefix("mlplatform-dev-"): row.inputs["environment"]["variables"]
        for row in recording.of_type("aws:lambda/function:Function")
    }
    assert set(found) == {*CAPABILITIES, "signup", "keyring"}
    assert found["accounts"]["USER_POOL_ID"] == pool
    assert found["predictions"]["CACHE_PORT"] == "6379"
    assert found["system"]["ENVIRONMENT"] == "dev"
    assert found["trainings"]["STATE_MACHINE_ARN"] == MACHINE


def test_what_talks_to_cache_or_database_is_in_the_network_and_predictions_alone_are_reserved() -> None:
    recording = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"], predictions_concurrency=20)
    functions = recording.of_type("aws:lambda/function:Function")
    inside = {row.name for row in functions if row.inputs.get("vpcConfig")}
    names = ("accounts", "dashboard", "predictions", "records", "system", "users")
    assert inside == {f"api-{name}-function" for name in names}
    reserved = {row.name: row.inputs.get("reservedConcurrentExecutions") for row in functions}
    assert [name for name, value in reserved.items() if value is not None] == ["api-predictions-function"]


def test_partners_get_keys_and_routes_want_them() -> None:
    recording = run(partners=["acme", "globex"], requests_per_day=1000)
    assert len(recording.of_type("aws:apigateway/apiKey:ApiKey")) == 2
    plan = recording.one("aws:apigateway/usagePlan:UsagePlan").inputs
    assert plan["quotaSettings"] == {"limit": 1000, "period": "DAY"}
    assert "apiKey" in body(recording)["paths"]["/v1/ml/predict"]["post"]["security"][0]
    assert "apiKey" not in json.dumps(body(run())["paths"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"requests_per_second": 0}, "requests_per_second is 0"),
        ({"burst": 6000}, "burst is 6000; allowed: 1 to 5000"),
        ({"cors_origins": ["app.example.org"]}, "cors_origins is ['app.example.org']"),
        ({"cors_origins": ["*", "https://app.example.org"]}, "allowed: * alone"),
        ({"largest_body_kb": 6000}, "largest_body_kb is 6000; allowed: 16 to 5120"),
        ({"requests_per_user": -1}, "requests_per_user is -1; allowed: 0 to 10000"),
        ({"compress_bytes": 10_485_761}, "compress_bytes is 10485761"),
        ({"partners": ["A B"]}, "partners is ['A B']"),
        ({"partners": ["a", "a"]}, "partners is ['a', 'a']"),
        ({"requests_per_day": 5}, "name partners or leave it out"),
        ({"log_days": 31}, "log_days is 31"),
        ({"subnet_ids": ["s"]}, "given together"),
        ({"mfa": "SOMETIMES"}, "mfa is 'SOMETIMES'; allowed: OFF, OPTIONAL, ON"),
        ({"mfa": "OFF", "sms": True}, "sms needs a second factor"),
        ({"threat_protection": "ON"}, "threat_protection is 'ON'; allowed: OFF, AUDIT, ENFORCED"),
        ({"requests_per_address": 9}, "requests_per_address is 9"),
        ({"countries": ["usa"]}, "countries holds ['usa']"),
    ],
)
def test_what_aws_would_refuse_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="'api") as caught:
        run(**more)
    assert words in str(caught.value)


def test_the_first_preview_of_an_empty_account_runs() -> None:
    preview = record(lambda: SecureApi("api", args()), preview=True)
    assert preview.one("aws:apigateway/stage:Stage").inputs["stageName"] == "api"
