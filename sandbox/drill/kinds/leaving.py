"""Somebody who closes an account in the second region, while the region whose user pool has it is lost."""

from __future__ import annotations

import time
import uuid

from sandbox.client import call
from sandbox.drill.context import Context

ARRIVES_S = 20.0
FOLLOWED_S = 20.0
PAUSE_S = 0.2


def join(context: Context, second: str) -> str:
    """An account in the first region's pool, with its record in both regions; gives its id.

    Raises:
        RuntimeError: the record is not copied to the second region.
    """
    pool, table, email = context.state.outputs["user_pool_id"], f"{context.prefix}-users", f"{uuid.uuid4()}@example.org"
    made = context.client("cognito-idp").admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    user_id = str(made["User"]["Username"])
    item = {"userId": user_id, "kind": "user", "email": email, "createdAt": "2026-01-01T00:00:00.000Z"}
    context.client("dynamodb").put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})
    copy, deadline = context.client("dynamodb", second), time.monotonic() + ARRIVES_S
    while "Item" not in copy.get_item(TableName=table, Key={"userId": {"S": user_id}}, ConsistentRead=True):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the record of {user_id} is not in {second} after {ARRIVES_S:.0f} s; see `status`")
        time.sleep(PAUSE_S)
    return user_id


def leave(context: Context, api_url: str, user_id: str) -> None:
    """Closes the account by the API of the second region.

    Raises:
        RuntimeError: that API does not do it.
    """
    reply = call(f"{api_url}/users/{user_id}", "DELETE", token=context.token(), headers={"If-Match": "*"})
    if reply.status != 204:
        raise RuntimeError(f"the second region does not close account {user_id}: {reply.status} {reply.text[:300]}")


def left(context: Context, user_id: str) -> list[str]:
    """What is wrong where the first region's pool still has the account when its record has arrived."""
    cognito, deadline = context.client("cognito-idp"), time.monotonic() + FOLLOWED_S
    while time.monotonic() < deadline:
        try:
            cognito.admin_get_user(UserPoolId=context.state.outputs["user_pool_id"], Username=user_id)
        except cognito.exceptions.UserNotFoundException:
            return []
        time.sleep(PAUSE_S)
    return [f"account {user_id} was closed in the second region and is open in the first one's user pool"]
