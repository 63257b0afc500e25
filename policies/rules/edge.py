"""Who comes in: Cognito user pools and WAF web ACLs."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import all_of, at_least, is_on, must_be, must_be_off, must_be_on
from policies.resources import Node, Unknown, read
from policies.rule import Rule

USER_POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
IDENTITY_POOL = "aws:cognito/identityPool:IdentityPool"
PERMISSION = "aws:lambda/permission:Permission"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
WAF_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
UNIT_S = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
LONGEST_ACCESS_S = 3600


def deletion_protected(pool: Node) -> Iterable[str]:
    """A pool that the program keeps refuses deletion by anyone else too."""
    found = pool.read("deletionProtection", "INACTIVE")
    if pool.protected and found != "ACTIVE":
        yield f"the program keeps it (protect or retain_on_delete), and deletionProtection is {found!r}"


def short_lived(client: Node) -> Iterable[str]:
    """Access tokens live an hour at most; AWS counts in hours where no unit is given."""
    validity = float(client.read("accessTokenValidity", 1))
    unit = client.read("tokenValidityUnits.accessToken", "hours")
    if validity * UNIT_S[unit] > LONGEST_ACCESS_S:
        yield f"accessTokenValidity is {validity:g} {unit}; allowed: up to one hour"


def no_implicit_grant(client: Node) -> Iterable[str]:
    """Tokens do not travel in addresses."""
    if "implicit" in client.rows("allowedOauthFlows"):
        yield "allowedOauthFlows has 'implicit'; allowed: 'code', 'client_credentials'"


def triggers_allowed(pool: Node) -> Iterable[str]:
    """Each function that the pool calls lets this very pool call it."""
    config = pool.read("lambdaConfig") or {}
    # A function that is not known yet is one all the same.
    called = [name for name, arn in config.items() if isinstance(arn, Unknown) or arn]
    allowed = [
        row for row in pool.companions(PERMISSION, "sourceArn") if row.read("principal") == "cognito-idp.amazonaws.com"
    ]
    if called and not allowed:
        names = ", ".join(sorted(called))
        yield f"lambdaConfig names {names} and no permission ({PERMISSION}) lets cognito-idp call for this pool"


def program_bounded(client: Node) -> Iterable[str]:
    """A client that gets tokens for itself has a secret and scopes of a resource server, and signs nobody in."""
    if "client_credentials" not in client.rows("allowedOauthFlows"):
        return
    if not client.read("generateSecret"):
        yield "generateSecret is False; allowed: True, since the client has nothing else to prove itself with"
    scopes = client.rows("allowedOauthScopes")
    if not scopes or any("/" not in scope for scope in scopes):
        yield f"allowedOauthScopes is {scopes}; allowed: some of a resource server such as platform/predict"
    flows = [flow for flow in client.rows("explicitAuthFlows") if flow != "ALLOW_REFRESH_TOKEN_AUTH"]
    if flows or not client.rows("explicitAuthFlows"):
        yield f"explicitAuthFlows is {flows}; allowed: ALLOW_REFRESH_TOKEN_AUTH alone, since nobody signs in by it"


def tokens_asked_about(pool: Node) -> Iterable[str]:
    """Cognito asks the user pool about each token, and lets nobody choose a role."""
    if pool.read("allowClassicFlow"):
        yield "allowClassicFlow is True; allowed: False"
    for number, provider in enumerate(pool.rows("cognitoIdentityProviders")):
        if not is_on(provider, "serverSideTokenCheck"):
            yield f"cognitoIdentityProviders[{number}].serverSideTokenCheck is False; allowed: True"


def acl_rules(acl: Node) -> Iterable[str]:
    """A web ACL has rules, one of which limits the rate of an address, and each reports to CloudWatch."""
    found = acl.rows("rules")
    if not found:
        yield "rules is empty"
        return
    if not any(read(row, "statement.rateBasedStatement") for row in found):
        yield "no rule has a rateBasedStatement"
    for row in found:
        if not is_on(row, "visibilityConfig.cloudwatchMetricsEnabled"):
            yield f"visibilityConfig.cloudwatchMetricsEnabled of rule {read(row, 'name')!r} is False; allowed: True"


def acl_logged(acl: Node) -> Iterable[str]:
    """A web ACL is logged, without the tokens that requests carry."""
    found = acl.companions(WAF_LOGGING, "resourceArn")
    if not found:
        yield f"no logging configuration ({WAF_LOGGING}) names it in resourceArn"
    for logging in found:
        hidden = {str(read(row, "singleHeader.name", "")).lower() for row in logging.rows("redactedFields")}
        if "authorization" not in hidden:
            yield f"redactedFields of {logging.name!r} lacks the header authorization, so access tokens are logged"


RULES = (
    Rule(
        id="cognito-password-policy",
        severity="medium",
        controls=("FSBP Cognito.3",),
        types=(USER_POOL,),
        what="Passwords have at least 8 characters with upper, lower, digit and symbol.",
        why="Short passwords are guessed.",
        mend="set password_policy with minimum_length 8 or more and all four require_ switches",
        check=all_of(
            at_least("passwordPolicy.minimumLength", 8, default=6),
            *(must_be_on(f"passwordPolicy.require{kind}") for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols")),
        ),
    ),
    Rule(
        id="cognito-mfa-offered",
        severity="medium",
        controls=("FSBP Cognito.5",),
        types=(USER_POOL,),
        what="Users can sign in with a second factor.",
        why="A password that leaked elsewhere opens the account.",
        mend="set mfa_configuration to OPTIONAL or ON, with a software token",
        check=must_be("mfaConfiguration", "OPTIONAL", "ON", default="OFF"),
    ),
    Rule(
        id="cognito-deletion-protected",
        severity="high",
        controls=("FSBP Cognito.6",),
        types=(USER_POOL,),
        what="A user pool that the program keeps has deletion protection.",
        why="Passwords cannot be restored from any backup: every user would have to register again.",
        mend="set deletion_protection to ACTIVE wherever protect is set",
        check=deletion_protected,
    ),
    Rule(
        id="cognito-threat-protection",
        severity="medium",
        controls=("FSBP Cognito.1",),
        types=(USER_POOL,),
        what="Threat protection watches sign-ins.",
        why="Passwords stolen elsewhere are tried here by machines.",
        mend="set user_pool_tier PLUS and user_pool_add_ons.advanced_security_mode AUDIT, or ENFORCED to act on risks",
        check=must_be("userPoolAddOns.advancedSecurityMode", "AUDIT", "ENFORCED", default="OFF"),
    ),
    Rule(
        id="cognito-client-tells-nothing",
        severity="medium",
        types=(CLIENT,),
        what="A failed sign-in does not tell whether the user exists.",
        why="Otherwise addresses can be collected by trying.",
        mend="set prevent_user_existence_errors to ENABLED",
        check=must_be("preventUserExistenceErrors", "ENABLED", default="LEGACY"),
    ),
    Rule(
        id="cognito-client-tokens",
        severity="medium",
        types=(CLIENT,),
        what="Tokens can be revoked, access tokens live an hour at most, and none travels in an address.",
        why="Signing out must end a session, and a stolen token must soon be worthless.",
        mend="set enable_token_revocation True, access_token_validity up to one hour, and no implicit flow",
        check=all_of(must_be_on("enableTokenRevocation", default=True), short_lived, no_implicit_grant),
    ),
    Rule(
        id="cognito-no-guests",
        severity="high",
        controls=("FSBP Cognito.2",),
        types=(IDENTITY_POOL,),
        what="An identity pool gives no AWS credentials to guests.",
        why="Anyone on the internet would get them.",
        mend="set allow_unauthenticated_identities to False",
        check=must_be_off("allowUnauthenticatedIdentities"),
    ),
    Rule(
        id="cognito-triggers-allowed",
        severity="high",
        types=(USER_POOL,),
        scope="stack",
        what="Every function that a user pool calls lets that pool call it, and no other.",
        why="Without it each sign-up fails on AWS, and with a wider one another pool decides who is let in.",
        mend="add a Permission for cognito-idp.amazonaws.com with the pool's ARN as source_arn",
        check=triggers_allowed,
    ),
    Rule(
        id="cognito-programs-bounded",
        severity="high",
        types=(CLIENT,),
        what="A client for programs has a secret, scopes of its own, and no way to sign a person in.",
        why="Whoever learns a program's id would act in its name, or in the name of people.",
        mend="set generate_secret True, allowed_oauth_scopes by name, and ALLOW_REFRESH_TOKEN_AUTH as the only flow",
        check=program_bounded,
    ),
    Rule(
        id="cognito-identities-checked",
        severity="medium",
        types=(IDENTITY_POOL,),
        what="Credentials are given for tokens that still count, and for the role that belongs to them.",
        why="A user who was signed out everywhere would go on in AWS, and the older flow lets a caller choose a role.",
        mend="set server_side_token_check True for each provider and allow_classic_flow False",
        check=tokens_asked_about,
    ),
    Rule(
        id="waf-has-rules",
        severity="high",
        controls=("FSBP WAF.10", "FSBP WAF.12"),
        types=(WEB_ACL,),
        what="A web ACL has rules, one of them a rate limit, and each reports to CloudWatch.",
        why="An empty ACL looks like protection and is none.",
        mend="add managed rule groups and a rate_based_statement, with cloudwatch_metrics_enabled",
        check=acl_rules,
    ),
    Rule(
        id="waf-logged",
        severity="medium",
        controls=("FSBP WAF.11",),
        types=(WEB_ACL,),
        scope="stack",
        what="A web ACL is logged, without the authorization header.",
        why="Without a log a blocked customer cannot be helped; with the header the log holds valid tokens.",
        mend="add a WebAclLoggingConfiguration with redacted_fields single_header authorization",
        check=acl_logged,
    ),
)
