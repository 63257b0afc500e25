"""Identity: the user pool, its groups and scopes, the clients of people and of programs, and the pool's functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cognito, iam
from components.function import Function
from components.secure_api import identity_functions
from components.secure_api.identity_functions import Functions
from components.values import Statement, policy_json, trust_json
from functions.routes import ADMINISTRATORS, ROUTES

GROUPS: Final = {
    ADMINISTRATORS: "See and change the records of every user",
    "approvers": "Decide which model goes live",
    "scientists": "Start trainings",
    "premium": "Users with a higher limit",
    "users": "Everybody who signed up",
}
"""Group → what its members may; the first has the highest precedence."""

RESOURCE_SERVER: Final = "platform"
_MFA: Final = ("OFF", "OPTIONAL", "ON")
_PROTECTION: Final = ("OFF", "AUDIT", "ENFORCED")
REFRESH_DAYS: Final = 30
"""How long a sign-in lasts."""
_DOMAIN: Final = re.compile("(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class IdentityArgs(TypedDict):
    """What the user pool needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the pool's name."""
    account_id: Input[str]
    """Account of the pool; the role for text messages names it."""
    mfa: NotRequired[str]
    """Second factor: OFF, OPTIONAL (default) or ON."""
    sms: NotRequired[bool]
    """Whether the second factor may come by text message too. False by default: messages cost money and can be
    intercepted, and AWS sends none before the account has left the SMS sandbox. Authenticator apps work always."""
    threat_protection: NotRequired[str]
    """OFF (default), AUDIT (risks are recorded) or ENFORCED (risky sign-ins are blocked); other than OFF it needs the
    pool's Plus tier, which has no free users: ten thousand cost about 200 USD a month."""
    protect: NotRequired[bool]
    """Whether the pool with all accounts refuses to be deleted; true by default."""
    functions: Functions
    """How the functions that the pool calls, and the one that reads its keys, are made."""
    email_domains: NotRequired[Sequence[str]]
    """Domains whose addresses may sign up; all by default. An administrator may invite any address."""
    auto_confirm: NotRequired[bool]
    """Whether an account counts without a proof of its address; false by default."""
    domain: NotRequired[str]
    """Prefix of the pool's domain in amazoncognito.com, where programs get tokens. A pool with a domain cannot be
    reached by PrivateLink any more: what stands in the network needs a NAT gateway. None by default."""
    programs: NotRequired[Mapping[str, Sequence[str]]]
    """Programs of third parties and the scopes each may have, such as `{"acme": ["predict"]}`; each gets a client with
    a secret for the client credentials grant, which needs a domain."""
    other_pool_ids: NotRequired[Sequence[Input[str]]]
    """User pools of other regions whose keys the functions have to know too."""


class Identity(pulumi.ComponentResource):
    """A user pool of e-mail addresses; strangers cannot find out who has an account."""

    pool: cognito.UserPool
    """The pool."""
    client: cognito.UserPoolClient
    """The app client that the accounts function uses."""
    groups: dict[str, cognito.UserGroup]
    """By name."""
    programs: dict[str, cognito.UserPoolClient]
    """Clients of third parties' programs by name; each has a secret."""
    keyring: Function
    """Reads the public keys of pools when they are deployed."""
    sign_up: Function
    """What the pool asks before a sign-up and tells after a confirmation."""
    keys: Output[str]
    """Public keys as they were when the pool was deployed: `{pool id: JWKS document}`."""

    def __init__(self, name: str, args: IdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Identity", name, {}, opts)
        _validate(name, args)
        child = ResourceOptions(parent=self)
        mfa = args.get("mfa", "OPTIONAL")
        protect = args.get("protect", True)
        threat = args.get("threat_protection", "OFF")
        self.sign_up = identity_functions.sign_up(
            name,
            args["functions"],
            args.get("email_domains", []),
            auto_confirm=args.get("auto_confirm", False),
            opts=child,
        )
        self.pool = cognito.UserPool(
            f"{name}-pool",
            name=f"{args['name_prefix']}-users",
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            auto_verified_attributes=["email"],
            password_policy={
                "minimum_length": 8,
                "require_lowercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "require_uppercase": True,
                "temporary_password_validity_days": 7,
            },
            mfa_configuration=mfa,
            software_token_mfa_configuration=None if mfa == "OFF" else {"enabled": True},
            sms_configuration=self._messages(name, args) if args.get("sms", False) else None,
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            user_attribute_update_settings={"attributes_require_verification_before_updates": ["email"]},
            schemas=[_attribute("email", required=True), _attribute("name", required=True)]
            + [_attribute(name, required=False) for name in ("phone_number", "locale")],
            user_pool_tier="ESSENTIALS" if threat == "OFF" else "PLUS",
            user_pool_add_ons={"advanced_security_mode": threat},
            lambda_config={
                "pre_sign_up": self.sign_up.alias_arn,
                "post_confirmation": self.sign_up.alias_arn,
            },
            deletion_protection="ACTIVE" if protect else "INACTIVE",
            opts=ResourceOptions(parent=self, protect=protect),
        )
        identity_functions.connect(name, self.sign_up, self.pool, child)
        server = cognito.ResourceServer(
            f"{name}-scopes",
            identifier=RESOURCE_SERVER,
            name=RESOURCE_SERVER,
            user_pool_id=self.pool.id,
            scopes=[
                {"scope_name": scope, "scope_description": f"{scope} by another program"} for scope in platform_scopes()
            ],
            opts=child,
        )
        self.groups = {
            group: cognito.UserGroup(
                f"{name}-{group}",
                name=group,
                description=description,
                precedence=number,
                user_pool_id=self.pool.id,
                opts=child,
            )
            for number, (group, description) in enumerate(GROUPS.items(), start=1)
        }
        self.client = cognito.UserPoolClient(
            f"{name}-client",
            name=f"{args['name_prefix']}-app",
            user_pool_id=self.pool.id,
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
            # The accounts function and a browser would both have to hold it: a secret that many know is none.
            generate_secret=False,
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=60,
            id_token_validity=60,
            refresh_token_validity=REFRESH_DAYS,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            read_attributes=["email", "email_verified", "locale", "name", "phone_number"],
            write_attributes=["email", "locale", "name", "phone_number"],
            opts=ResourceOptions(parent=self, depends_on=[server]),
        )
        if args.get("domain"):
            cognito.UserPoolDomain(f"{name}-domain", domain=args["domain"], user_pool_id=self.pool.id, opts=child)
        self.programs = {
            program: self._program(f"{name}-{program}", f"{args['name_prefix']}-{program}", scopes, server)
            for program, scopes in args.get("programs", {}).items()
        }
        pools = [self.pool.id, *args.get("other_pool_ids", [])]
        self.keyring = identity_functions.keyring(name, args["functions"], child)
        self.keys = identity_functions.keys(name, self.keyring, pools, child)
        self.user_pool_id: Output[str] = self.pool.id
        self.user_pool_arn: Output[str] = self.pool.arn
        self.client_id: Output[str] = self.client.id
        self.register_outputs({"user_pool_id": self.user_pool_id, "client_id": self.client_id})

    def _program(
        self, name: str, client_name: str, scopes: Sequence[str], server: cognito.ResourceServer
    ) -> cognito.UserPoolClient:
        """A client that gets tokens for itself, and signs nobody in."""
        return cognito.UserPoolClient(
            name,
            name=client_name,
            user_pool_id=self.pool.id,
            generate_secret=True,
            allowed_oauth_flows=["client_credentials"],
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_scopes=[f"{RESOURCE_SERVER}/{scope}" for scope in sorted(scopes)],
            # One flow has to be named, or Cognito adds some that sign people in.
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=60,
            id_token_validity=60,
            refresh_token_validity=1,
            # All three, or each preview would show those that Cognito fills in.
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            # Cognito refuses scopes that are not there yet.
            opts=ResourceOptions(parent=self, depends_on=[server]),
        )

    def _messages(self, name: str, args: IdentityArgs) -> Any:
        """A role by which Cognito sends text messages; the external id keeps other accounts' pools from using it."""
        external_id = f"{args['name_prefix']}-users"
        role = iam.Role(
            f"{name}-messages",
            assume_role_policy=trust_json(
                "cognito-idp.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": [args["account_id"]], "sts:ExternalId": [external_id]}
                },
            ),
            description="Cognito sends codes by text message",
            opts=ResourceOptions(parent=self),
        )
        # A text message goes to a number, which is no resource; topics are, and none of them is meant.
        send: Statement = {
            "Sid": "SendMessages",
            "Effect": "Allow",
            "Action": ["sns:Publish"],
            "Resource": ["*"],
        }
        no_topics: Statement = {
            "Sid": "NoTopics",
            "Effect": "Deny",
            "Action": ["sns:Publish"],
            "Resource": ["arn:aws:sns:*:*:*"],
        }
        iam.RolePolicy(
            f"{name}-messages-rights",
            role=role.id,
            policy=policy_json([send, no_topics]),
            opts=ResourceOptions(parent=self),
        )
        return {"external_id": external_id, "sns_caller_arn": role.arn}


def platform_scopes() -> list[str]:
    """Scopes of the resource server, as the routes name them."""
    prefix = f"{RESOURCE_SERVER}/"
    return sorted(
        {scope.removeprefix(prefix) for route in ROUTES for scope in route.scopes if scope.startswith(prefix)}
    )


def _attribute(name: str, *, required: bool) -> Any:
    return {
        "name": name,
        "attribute_data_type": "String",
        "mutable": True,
        "required": required,
        # Cognito reports these limits for every text; left out, each preview would show a change.
        "string_attribute_constraints": {"min_length": "0", "max_length": "2048"},
    }


def _validate(name: str, args: IdentityArgs) -> None:
    problems = []
    mfa, threat = args.get("mfa", "OPTIONAL"), args.get("threat_protection", "OFF")
    if mfa not in _MFA:
        problems.append(f"mfa is {mfa!r}; allowed: {', '.join(_MFA)}")
    if threat not in _PROTECTION:
        problems.append(f"threat_protection is {threat!r}; allowed: {', '.join(_PROTECTION)}")
    if mfa == "OFF" and args.get("sms", False):
        problems.append("sms needs a second factor; set mfa to OPTIONAL or ON, or sms to false")
    domain, programs = args.get("domain", ""), args.get("programs", {})
    if domain and not _DOMAIN.fullmatch(domain):
        problems.append(
            f"domain is {domain!r}; allowed: 1 to 63 lower-case letters, digits and dashes, without the words aws, "
            "amazon and cognito; change it"
        )
    if programs and not domain:
        problems.append("programs get their tokens from the pool's domain; give domain, or leave programs out")
    for program, scopes in programs.items():
        unknown = sorted(set(scopes) - set(platform_scopes()))
        if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", program):
            problems.append(f"programs has {program!r}; allowed: names of lower-case letters, digits and dashes")
        if unknown or not scopes:
            problems.append(
                f"programs.{program} is {list(scopes)}; allowed: one or more of {', '.join(platform_scopes())}"
            )
    if problems:
        raise ValueError(f"Identity {name!r}: " + "; ".join(problems))
