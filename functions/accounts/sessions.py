"""Sessions and users in DynamoDB, with the cache told of each session that ends."""

from __future__ import annotations

from functions.accounts.logic import Person
from functions.shared.aws.sdk import client, told
from functions.shared.aws.updates import setting
from functions.shared.identity.ending import SessionEnds
from functions.shared.identity.people import KIND
from functions.shared.identity.sessions import SessionMemory
from functions.shared.logs import now


class SessionStore(SessionEnds):
    """The tables of sessions and users."""

    def __init__(self, sessions: str, users: str, memory: SessionMemory, *, keep_days: int = 30) -> None:
        super().__init__(sessions, memory, keep_days=keep_days)
        self._users = users

    def begin(self, session_id: str, person: Person) -> None:
        """Records a sign-in, and the person: also one whose record was not made at the sign-up.

        Of a closed account there is no sign-in: its pool may not have heard of the closing yet, which happened in
        another region.
        """
        moment = now()
        known = setting(
            {"lastSignInAt": moment},
            once={
                "kind": KIND,
                "email": person.email,
                "name": person.name,
                "language": person.language,
                "createdAt": moment,
                "updatedAt": moment,
            },
        )
        with told(ConditionalCheckFailedException="wrong_credentials"):
            client("dynamodb").update_item(
                TableName=self._users,
                Key={"userId": {"S": person.user_id}},
                ConditionExpression="attribute_not_exists(deletedAt)",
                **known,
            )
        with told():
            client("dynamodb").update_item(
                TableName=self._sessions,
                Key={"sessionId": {"S": session_id}},
                **setting({"userId": person.user_id, "createdAt": moment}, number={"ttl": self._ttl()}),
            )

    def ended(self, session_id: str) -> bool:
        """Whether a session is over."""
        with told():
            found = client("dynamodb").get_item(
                TableName=self._sessions, Key={"sessionId": {"S": session_id}}, ConsistentRead=True
            )
        return "endedAt" in found.get("Item", {})
