"""The user that a sandbox is ready with: a member of every group that the stack has."""

from __future__ import annotations

import secrets
from typing import Any

USERNAME = "demo@example.com"
GROUPS = ("administrators", "users", "premium", "scientists", "approvers")


def make(cognito: Any, pool: str) -> str:
    """Makes the user in a pool and gives the password."""
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=USERNAME,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": USERNAME},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": "Demo"},
        ],
    )
    password = _password()
    cognito.admin_set_user_password(UserPoolId=pool, Username=USERNAME, Password=password, Permanent=True)
    known = {group["GroupName"] for group in cognito.list_groups(UserPoolId=pool)["Groups"]}
    for group in GROUPS:
        if group in known:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=USERNAME, GroupName=group)
    return password


def _password() -> str:
    """Random, with a character of each kind that the pool asks for."""
    return f"{secrets.token_urlsafe(15)}-aA1!"
