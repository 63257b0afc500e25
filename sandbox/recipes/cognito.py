"""User pools, their clients and groups, and identity pools."""

from __future__ import annotations

from sandbox.recipes.recipe import Answer, Recipe, Work, hands


def _second_factor(work: Work) -> None:
    if not work.inputs.get("mfaConfiguration"):
        return
    extra: dict[str, object] = {}
    if work.inputs.get("softwareTokenMfaConfiguration"):
        extra["SoftwareTokenMfaConfiguration"] = {"Enabled": work.inputs["softwareTokenMfaConfiguration"]["enabled"]}
    sms = work.inputs.get("smsConfiguration")
    if sms:
        configuration = {"SnsCallerArn": sms["snsCallerArn"], "ExternalId": sms.get("externalId", "")}
        extra["SmsMfaConfiguration"] = {"SmsConfiguration": configuration}
    if not extra:
        return
    work.call(
        "cognito-idp.set_user_pool_mfa_config",
        UserPoolId=work.id,
        MfaConfiguration=work.inputs["mfaConfiguration"],
        **extra,
    )


ROWS = {
    "aws:cognito/userPool:UserPool": Recipe(
        call="cognito-idp.create_user_pool",
        by_hand=hands("softwareTokenMfaConfiguration"),
        rename={"name": "PoolName", "schemas": "Schema"},
        lost={"deletionProtection": "moto keeps the setting and does not enforce it"},
        after=_second_factor,
        id=Answer("UserPool.Id", "{region}_{hash:9}"),
        tags="userPoolTags",
        outputs={
            "arn": "arn:aws:cognito-idp:{region}:{account}:userpool/{id}",
            "endpoint": "cognito-idp.{region}.amazonaws.com/{id}",
        },
    ),
    "aws:cognito/userPoolClient:UserPoolClient": Recipe(
        call="cognito-idp.create_user_pool_client",
        rename={"name": "ClientName"},
        id=Answer("UserPoolClient.ClientId", "{hash:26}"),
        outputs={"clientSecret": Answer("UserPoolClient.ClientSecret")},
    ),
    "aws:cognito/userGroup:UserGroup": Recipe(
        call="cognito-idp.create_group",
        rename={"name": "GroupName"},
        id="{userPoolId}/{name}",
    ),
    "aws:cognito/resourceServer:ResourceServer": Recipe(
        call="cognito-idp.create_resource_server",
        id="{userPoolId}|{identifier}",
        outputs={
            "scopeIdentifiers": lambda work: [
                f"{work.inputs['identifier']}/{scope['scopeName']}" for scope in work.inputs.get("scopes") or []
            ],
        },
    ),
    "aws:cognito/userPoolDomain:UserPoolDomain": Recipe(
        call="cognito-idp.create_user_pool_domain",
        id="{domain}",
    ),
    "aws:cognito/identityPool:IdentityPool": Recipe(
        call="cognito-identity.create_identity_pool",
        id=Answer("IdentityPoolId", "{region}:{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"),
        tags="identityPoolTags",
        outputs={"arn": "arn:aws:cognito-identity:{region}:{account}:identitypool/{id}"},
    ),
    "aws:cognito/identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag": Recipe(
        recorded="moto keeps no tags of identity pools; the credentials that are given carry them",
        id="{identityPoolId}:{identityProviderName}",
    ),
    "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment": Recipe(
        recorded="moto keeps no roles of identity pools; the credentials that are given are theirs",
        id="{identityPoolId}",
    ),
}
