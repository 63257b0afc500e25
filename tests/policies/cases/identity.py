"""User pools that call functions, clients of programs, identity pools."""

from __future__ import annotations

from tests.policies.rows import Case, but, row

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:signup:live"
POOL = row("aws:cognito/userPool:UserPool", "pool", lambdaConfig={"preSignUp": FUNCTION})
PERMISSION = row(
    "aws:lambda/permission:Permission",
    "may",
    POOL,
    function="signup",
    principal="cognito-idp.amazonaws.com",
    sourceArn=POOL.outputs["arn"],
)
PROGRAM = [
    row(
        "aws:cognito/userPoolClient:UserPoolClient",
        "program",
        generateSecret=True,
        allowedOauthFlows=["client_credentials"],
        allowedOauthScopes=["platform/predict"],
        explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"],
    )
]
IDENTITIES = [
    row(
        "aws:cognito/identityPool:IdentityPool",
        "identities",
        allowClassicFlow=False,
        cognitoIdentityProviders=[{"providerName": "pool", "clientId": "app", "serverSideTokenCheck": True}],
    )
]

CASES = (
    Case(
        "cognito-triggers-allowed",
        {"allowed": [POOL, PERMISSION], "no function": but([POOL], "pool", lambdaConfig=None)},
        {
            "no permission": [POOL],
            "for every pool": but([POOL, PERMISSION], "may", sourceArn=None),
            "for another service": but([POOL, PERMISSION], "may", principal="s3.amazonaws.com"),
        },
        "preSignUp",
    ),
    Case(
        "cognito-programs-bounded",
        {"bounded": PROGRAM, "of people": but(PROGRAM, "program", allowedOauthFlows=None, generateSecret=None)},
        {
            "no secret": but(PROGRAM, "program", generateSecret=None),
            "no scope": but(PROGRAM, "program", allowedOauthScopes=None),
            "a person's scope": but(PROGRAM, "program", allowedOauthScopes=["aws.cognito.signin.user.admin"]),
            "signs people in": but(PROGRAM, "program", explicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]),
            "flows of Cognito's choice": but(PROGRAM, "program", explicitAuthFlows=None),
        },
    ),
    Case(
        "cognito-identities-checked",
        {"checked": IDENTITIES},
        {
            "classic": but(IDENTITIES, "identities", allowClassicFlow=True),
            "unchecked": but(IDENTITIES, "identities", cognitoIdentityProviders=[{"providerName": "pool"}]),
        },
    ),
)
