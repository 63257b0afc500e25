"""IAM, KMS, secrets, Cognito and WAF: what is good and bad."""

from __future__ import annotations

from typing import Any

from tests.policies.cases.storage import ACCOUNT, allow, document
from tests.policies.rows import Case, Row, but, row


def policy(*statements: dict[str, Any], kind: str = "aws:iam/rolePolicy:RolePolicy") -> list[Row]:
    return [row(kind, "rights", role="role", policy=document(*statements))]


def may(action: str | list[str], resource: str | list[str], **condition: Any) -> dict[str, Any]:
    found = {"Sid": "It", "Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def role(*statements: dict[str, Any], **inputs: Any) -> list[Row]:
    return [row("aws:iam/role:Role", "role", assumeRolePolicy=document(*statements), **inputs)]


TABLE_ARN = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/mlplatform-dev-models"
INTERFACES = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces"]
CODE_DENIED = {
    "Effect": "Deny",
    "Action": INTERFACES,
    "Resource": "*",
    "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": ["arn:aws:lambda:eu-west-1:1:function:f"]}},
}
TOPICS_DENIED = {"Effect": "Deny", "Action": ["sns:Publish"], "Resource": ["arn:aws:sns:*:*:*"]}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
IAM = (
    Case(
        "iam-actions-named",
        {"named": policy(may(["dynamodb:GetItem"], TABLE_ARN)), "denied": policy({**may("*", "*"), "Effect": "Deny"})},
        {
            "all": policy(may("*", TABLE_ARN)),
            "service": policy(may("dynamodb:*", TABLE_ARN)),
            "verb": policy(may("s3:Get*", "arn:aws:s3:::b/*"), kind="aws:iam/policy:Policy"),
            "not": policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": TABLE_ARN}),
        },
        "allows",
    ),
    Case(
        "iam-resources-named",
        {
            "named": policy(may("dynamodb:GetItem", TABLE_ARN)),
            "prefix": policy(
                may("sagemaker:DescribeTrainingJob", f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:training-job/mlplatform-*")
            ),
            "objects of a bucket": policy(may("s3:GetObject", "arn:aws:s3:::bucket/*")),
            "streams of a log": policy(
                may("logs:PutLogEvents", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/f:*")
            ),
            "no resource": policy(may(["xray:PutTraceSegments", "ec2:DescribeVpcs", "logs:CreateLogDelivery"], "*")),
            "bounded metrics": policy(
                may("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "mlplatform"})
            ),
            "text messages": policy(may("sns:Publish", "*"), TOPICS_DENIED),
            "interfaces": policy(may(INTERFACES, "*"), CODE_DENIED),
            "interfaces in named subnets": policy(
                may(
                    ["ec2:CreateNetworkInterface"],
                    [
                        f"arn:aws:ec2:eu-west-1:{ACCOUNT}:network-interface/*",
                        f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-1",
                    ],
                )
            ),
            "interfaces bounded": policy(
                may(
                    ["ec2:DeleteNetworkInterface"],
                    f"arn:aws:ec2:eu-west-1:{ACCOUNT}:network-interface/*",
                    ArnEquals={"ec2:Subnet": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-1"},
                )
            ),
            "tagged": policy(
                may("sagemaker:StopTrainingJob", "*", StringEquals={"aws:ResourceTag/Project": "mlplatform"})
            ),
        },
        {
            "any": policy(may("dynamodb:GetItem", "*")),
            "any table": policy(may("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/*")),
            "any bucket": policy(may("s3:GetObject", "arn:aws:s3:::*/*")),
            "any topic": policy(may("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:*")),
            "messages to topics too": policy(may("sns:Publish", "*")),
            "messages to topics at times": policy(
                may("sns:Publish", "*"), {**TOPICS_DENIED, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
            ),
            "any log": policy(may("logs:PutLogEvents", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:*")),
            "metrics anywhere": policy(may("cloudwatch:PutMetricData", "*")),
            "interfaces anywhere": policy(
                may(
                    ["ec2:CreateNetworkInterface"],
                    [f"arn:aws:ec2:eu-west-1:{ACCOUNT}:{kind}/*" for kind in ("network-interface", "subnet")],
                )
            ),
            "interfaces for the code": policy(may(INTERFACES, "*")),
            "one of two": policy(may(["xray:PutTraceSegments", "s3:GetObject"], "*")),
            "not": policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secret"}),
        },
        "allows",
    ),
    Case(
        "iam-pass-role-bounded",
        {
            "one service": policy(
                may(
                    "iam:PassRole",
                    "arn:aws:iam::1:role/r",
                    StringEquals={"iam:PassedToService": "sagemaker.amazonaws.com"},
                )
            )
        },
        {"any service": policy(may("iam:PassRole", "arn:aws:iam::1:role/r"))},
        "to any service",
    ),
    Case(
        "iam-decrypt-bounded",
        {"a key": policy(may("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"))},
        {
            "every": policy(may("kms:Decrypt", "*")),
            "account's": policy(may("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*")),
        },
        "kms:Decrypt",
    ),
    Case(
        "iam-trust-named",
        {
            "service": role(TRUST),
            "own account": role({**TRUST, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
            "partner": role(
                {
                    **TRUST,
                    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                    "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
                }
            ),
            "identities": role(
                {
                    **TRUST,
                    "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                    "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "pool"}},
                }
            ),
        },
        {
            "everyone": role({**TRUST, "Principal": "*"}),
            "stranger": role({**TRUST, "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}),
            "every identity": role({**TRUST, "Principal": {"Federated": "token.actions.githubusercontent.com"}}),
        },
        "trust",
    ),
    Case(
        "iam-no-administrator",
        {
            "none": role(TRUST),
            "narrow": role(
                TRUST, managedPolicyArns=["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
            ),
        },
        {
            "attached": [
                row(
                    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                    policyArn="arn:aws:iam::aws:policy/AdministratorAccess",
                )
            ],
            "in the role": role(TRUST, managedPolicyArns=["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]),
        },
        "attaches",
    ),
    Case(
        "iam-no-users",
        {"roles": role(TRUST)},
        {"user": [row("aws:iam/user:User")], "key": [row("aws:iam/accessKey:AccessKey")]},
    ),
)

ROOT = allow("kms:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
KEY = [row("aws:kms/key:Key", "key", enableKeyRotation=True, policy=document(ROOT))]
SECRET = [row("aws:secretsmanager/secret:Secret", "secret", kmsKeyId="key-id")]
ROTATION = row(
    "aws:secretsmanager/secretRotation:SecretRotation",
    "rotation",
    SECRET[0],
    secretId="secret-id",
    rotationRules={"automaticallyAfterDays": 30},
)
KEYS = (
    Case(
        "kms-rotated",
        {
            "on": KEY,
            "cannot": but(KEY, "key", enableKeyRotation=None, keyUsage="SIGN_VERIFY", customerMasterKeySpec="RSA_2048"),
        },
        {"off": but(KEY, "key", enableKeyRotation=None)},
        "enableKeyRotation is False; allowed: True",
    ),
    Case(
        "kms-not-public",
        {
            "root": KEY,
            "default": but(KEY, "key", policy=None),
            "bounded": but(
                KEY, "key", policy=document(allow("kms:Decrypt", "*", StringEquals={"kms:CallerAccount": ACCOUNT}))
            ),
        },
        {
            "everyone": but(KEY, "key", policy=document(allow("kms:Decrypt", "*"))),
            "via": but(
                KEY,
                "key",
                policy=document(
                    allow("kms:Decrypt", {"AWS": "*"}, StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
                ),
            ),
        },
        "allows everyone",
    ),
    Case(
        "kms-services-bounded",
        {
            "account": but(
                KEY,
                "key",
                policy=document(
                    allow(
                        "kms:Decrypt",
                        {"Service": "cloudwatch.amazonaws.com"},
                        StringEquals={"aws:SourceAccount": ACCOUNT},
                    )
                ),
            ),
            "cannot be bounded": but(
                KEY, "key", policy=document(allow("kms:Decrypt", {"Service": "events.amazonaws.com"}))
            ),
            "context": but(
                KEY,
                "key",
                policy=document(
                    allow(
                        "kms:Decrypt",
                        {"Service": "logs.eu-west-1.amazonaws.com"},
                        ArnLike={"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:*"},
                    )
                ),
            ),
        },
        {
            "too much": but(KEY, "key", policy=document(allow("kms:*", {"Service": "events.amazonaws.com"}))),
            "anyone's": but(KEY, "key", policy=document(ROOT, allow("kms:Decrypt", {"Service": "sns.amazonaws.com"}))),
        },
        "the key for anyone's resources",
    ),
    Case(
        "kms-deletion-can-be-stopped",
        {"default": KEY, "a week": but(KEY, "key", deletionWindowInDays=7)},
        {
            "too short": but(KEY, "key", deletionWindowInDays=3),
            "lock-out": but(KEY, "key", bypassPolicyLockoutSafetyCheck=True),
        },
    ),
    Case(
        "secret-encrypted-by-own-key",
        {"own": SECRET},
        {"shared": but(SECRET, "secret", kmsKeyId=None)},
        "kmsKeyId is not set",
    ),
    Case(
        "secret-deletion-can-be-stopped",
        {"thirty days by default": SECRET, "a week": but(SECRET, "secret", recoveryWindowInDays=7)},
        {"at once": but(SECRET, "secret", recoveryWindowInDays=0)},
        "recoveryWindowInDays is 0; allowed: 7 to 30",
    ),
    Case(
        "secret-rotated",
        {
            "monthly": [*SECRET, ROTATION],
            "by schedule": but([*SECRET, ROTATION], "rotation", rotationRules={"scheduleExpression": "rate(10 days)"}),
        },
        {
            "never": SECRET,
            "yearly": but([*SECRET, ROTATION], "rotation", rotationRules={"automaticallyAfterDays": 365}),
            "no rule": but([*SECRET, ROTATION], "rotation", rotationRules={}),
        },
        "rotation",
    ),
)

PASSWORD = {
    "minimumLength": 8,
    **dict.fromkeys(("requireLowercase", "requireUppercase", "requireNumbers", "requireSymbols"), True),
}
POOL = [
    row(
        "aws:cognito/userPool:UserPool",
        "pool",
        protect=True,
        passwordPolicy=PASSWORD,
        mfaConfiguration="OPTIONAL",
        deletionProtection="ACTIVE",
        userPoolAddOns={"advancedSecurityMode": "ENFORCED"},
    )
]
CLIENT = [
    row(
        "aws:cognito/userPoolClient:UserPoolClient",
        "client",
        preventUserExistenceErrors="ENABLED",
        enableTokenRevocation=True,
        accessTokenValidity=60,
        tokenValidityUnits={"accessToken": "minutes"},
    )
]
VISIBLE = {"cloudwatchMetricsEnabled": True, "metricName": "m", "sampledRequestsEnabled": True}
RATE = {"name": "rate", "statement": {"rateBasedStatement": {"limit": 2000}}, "visibilityConfig": VISIBLE}
ACL = [row("aws:wafv2/webAcl:WebAcl", "acl", rules=[RATE])]
WAF_LOG = row(
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    "waf-log",
    ACL[0],
    resourceArn=ACL[0].outputs["arn"],
    redactedFields=[{"singleHeader": {"name": "authorization"}}],
)
EDGE = (
    Case(
        "cognito-password-policy",
        {"strong": POOL},
        {
            "short": but(POOL, "pool", passwordPolicy={**PASSWORD, "minimumLength": 6}),
            "no symbol": but(POOL, "pool", passwordPolicy={**PASSWORD, "requireSymbols": False}),
            "none": but(POOL, "pool", passwordPolicy=None),
        },
        "passwordPolicy",
    ),
    Case("cognito-mfa-offered", {"optional": POOL}, {"off": but(POOL, "pool", mfaConfiguration=None)}, "'OFF'"),
    Case(
        "cognito-deletion-protected",
        {"active": POOL, "not kept": [row("aws:cognito/userPool:UserPool", "pool")]},
        {"kept": but(POOL, "pool", deletionProtection=None)},
    ),
    Case(
        "cognito-threat-protection",
        {"enforced": POOL, "audit": but(POOL, "pool", userPoolAddOns={"advancedSecurityMode": "AUDIT"})},
        {
            "off": but(POOL, "pool", userPoolAddOns={"advancedSecurityMode": "OFF"}),
            "none": but(POOL, "pool", userPoolAddOns=None),
        },
    ),
    Case(
        "cognito-client-tells-nothing",
        {"on": CLIENT},
        {"legacy": but(CLIENT, "client", preventUserExistenceErrors=None)},
    ),
    Case(
        "cognito-client-tokens",
        {"an hour": CLIENT, "default": but(CLIENT, "client", accessTokenValidity=None, tokenValidityUnits=None)},
        {
            "a day": but(CLIENT, "client", accessTokenValidity=1, tokenValidityUnits={"accessToken": "days"}),
            "irrevocable": but(CLIENT, "client", enableTokenRevocation=False),
            "implicit": but(CLIENT, "client", allowedOauthFlows=["implicit"]),
        },
    ),
    Case(
        "cognito-no-guests",
        {"none": [row("aws:cognito/identityPool:IdentityPool")]},
        {"guests": [row("aws:cognito/identityPool:IdentityPool", allowUnauthenticatedIdentities=True)]},
    ),
    Case(
        "waf-has-rules",
        {"rate": ACL},
        {
            "empty": but(ACL, "acl", rules=[]),
            "no rate": but(ACL, "acl", rules=[{**RATE, "statement": {"managedRuleGroupStatement": {}}}]),
            "silent": but(ACL, "acl", rules=[{**RATE, "visibilityConfig": {}}]),
        },
    ),
    Case(
        "waf-logged",
        {"logged": [*ACL, WAF_LOG]},
        {"not": ACL, "with tokens": but([*ACL, WAF_LOG], "waf-log", redactedFields=None)},
    ),
)

CASES = (*IAM, *KEYS, *EDGE)
