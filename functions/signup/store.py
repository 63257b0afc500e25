"""Users in DynamoDB, and groups of the pool."""

from __future__ import annotations

from collections.abc import Mapping

from functions.shared.aws.sdk import client, code_of


class UsersTable:
    """The table of users."""

    def __init__(self, table: str) -> None:
        self._table = table

    def add(self, user: Mapping[str, str]) -> None:
        """Records a user; one that is recorded already stays as it is."""
        from botocore.exceptions import ClientError

        item = {name: {"S": value} for name, value in user.items()}
        try:
            client("dynamodb").put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(userId)"
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise


class PoolGroups:
    """Groups of the pool that calls."""

    def join(self, pool_id: str, username: str, group: str) -> None:
        """Makes a user a member; one who is already stays one."""
        client("cognito-idp").admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=group)
