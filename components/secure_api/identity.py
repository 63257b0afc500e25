"""Identity: the user pool, its groups, its scopes and the app client that signs users in."""

from __future__ import annotations

from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cognito, iam

from components.values import Statement, policy_json, trust_json
from functions.routes import ROUTES

GROUPS: Final = {
    "approvers": "Decide which model goes live",
    "scientists": "Start trainings",
    "premium": "Users with a higher limit",
    "users": "Everybody who signed up",
}
"""Group → what its members may; the first has the highest precedence."""

RESOURCE_SERVER: Final = "platform"
_MFA: Final = ("OFF", "OPTIONAL", "ON")
_PROTECTION: Final = ("OFF", "AUDIT", "ENFORCED")
_REFRESH_DAYS: Final = 30


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


class Identity(pulumi.ComponentResource):
    """A user pool of e-mail addresses; strangers cannot find out who has an account."""

    pool: cognito.UserPool
    """The pool."""
    client: cognito.UserPoolClient
    """The app client that the accounts function uses."""
    groups: dict[str, cognito.UserGroup]
    """By name."""

    def __init__(self, name: str, args: IdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Identity", name, {}, opts)
        _validate(name, args)
        child = ResourceOptions(parent=self)
        mfa = args.get("mfa", "OPTIONAL")
        protect = args.get("protect", True)
        threat = args.get("threat_protection", "OFF")
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
            deletion_protection="ACTIVE" if protect else "INACTIVE",
            opts=ResourceOptions(parent=self, protect=protect),
        )
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
            refresh_token_validity=_REFRESH_DAYS,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            read_attributes=["email", "email_verified", "locale", "name", "phone_number"],
            write_attributes=["email", "locale", "name", "phone_number"],
            opts=ResourceOptions(parent=self, depends_on=[server]),
        )
        self.user_pool_id: Output[str] = self.pool.id
        self.user_pool_arn: Output[str] = self.pool.arn
        self.client_id: Output[str] = self.client.id
        self.register_outputs({"user_pool_id": self.user_pool_id, "client_id": self.client_id})

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
        # A text message goes to a number, which is no resource.
        statement: Statement = {
            "Sid": "SendMessages",
            "Effect": "Allow",
            "Action": ["sns:Publish"],
            "Resource": ["*"],
        }
        iam.RolePolicy(
            f"{name}-messages-rights",
            role=role.id,
            policy=policy_json([statement]),
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
    if problems:
        raise ValueError(f"Identity {name!r}: " + "; ".join(problems))
