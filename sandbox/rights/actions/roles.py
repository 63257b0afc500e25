"""IAM and STS: roles that are passed, assumed and changed; people's pools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one, public


def passing(arn: Any, service: str) -> Iterable[Need]:
    """What it needs to hand a role to a service; nothing where there is none."""
    if arn:
        yield Need("iam:PassRole", (str(arn),), one("iam:passedtoservice", service))


def _assumes(action: str) -> Row:
    def row(call: Call, _: State) -> Iterable[Need]:
        facts = {
            **one("sts:rolesessionname", call.params.get("RoleSessionName")),
            **one("sts:externalid", call.params.get("ExternalId")),
        }
        yield Need(f"sts:{action}", (call.text("RoleArn"),), facts)

    return row


STS: Final[Table] = {
    "AssumeRole": _assumes("AssumeRole"),
    "AssumeRoleWithWebIdentity": _assumes("AssumeRoleWithWebIdentity"),
    # Answered whatever the policies say.
    "GetCallerIdentity": public,
}


def role(call: Call) -> str:
    """The ARN of a role that a parameter names; a path before its name cannot be told."""
    return call.arn("iam", f"role/{call.text('RoleName')}", region="")


def _attaches(operation: str) -> Row:
    def row(call: Call, _: State) -> Iterable[Need]:
        yield Need(f"iam:{operation}", (role(call),), one("iam:policyarn", call.params.get("PolicyArn")))

    return row


IAM: Final[Table] = {
    "AttachRolePolicy": _attaches("AttachRolePolicy"),
    "DetachRolePolicy": _attaches("DetachRolePolicy"),
    "GetRole": on("iam:GetRole", role),
    "ListAttachedRolePolicies": on("iam:ListAttachedRolePolicies", role),
}


def pool(call: Call) -> str:
    """The ARN of a user pool."""
    return call.arn("cognito-idp", f"userpool/{call.text('UserPoolId')}")


ADMINISTRATORS: Final = (
    *("AdminAddUserToGroup", "AdminConfirmSignUp", "AdminCreateUser", "AdminDeleteUser", "AdminDisableUser"),
    *("AdminEnableUser", "AdminGetUser", "AdminInitiateAuth", "AdminListGroupsForUser", "AdminRemoveUserFromGroup"),
    *("AdminRespondToAuthChallenge", "AdminSetUserPassword", "AdminUpdateUserAttributes", "AdminUserGlobalSignOut"),
    *("DescribeUserPool", "DescribeUserPoolClient", "ListUsers", "ListUsersInGroup"),
)

ANYONE: Final = (
    *("AssociateSoftwareToken", "ChangePassword", "ConfirmForgotPassword", "ConfirmSignUp", "DeleteUser"),
    *("ForgotPassword", "GetUser", "GlobalSignOut", "InitiateAuth", "ResendConfirmationCode"),
    *("RespondToAuthChallenge", "RevokeToken", "SetUserMFAPreference", "SignUp", "UpdateUserAttributes"),
    "VerifySoftwareToken",
)
"""Operations that no role is asked for: whoever calls shows a password, a code or a token of the user's own."""

POOLS: Final[Table] = {
    **{operation: on(f"cognito-idp:{operation}", pool) for operation in ADMINISTRATORS},
    **dict.fromkeys(ANYONE, public),
    "ListUserPools": anything("cognito-idp:ListUserPools"),
}

IDENTITIES: Final[Table] = {
    "GetCredentialsForIdentity": public,
    "GetId": public,
    "GetOpenIdToken": public,
}
