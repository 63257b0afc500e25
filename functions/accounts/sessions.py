"""Sessions and users in DynamoDB, with the cache told of each session that ends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from functions.accounts.logic import Person
from functions.shared.aws.sdk import client, told
from functions.shared.identity.sessions import CACHE_TTL_S, ENDED, SessionMemory, key_of
from functions.shared.logs import now


class SessionStore:
    """The tables of sessions and users."""

    def __init__(self, sessions: str, users: str, memory: SessionMemory, *, keep_days: int = 30) -> None:
        self._sessions, self._users, self._memory, self._keep = sessions, users, memory, timedelta(days=keep_days)

    def begin(self, session_id: str, person: Person) -> None:
        """Records a sign-in, and the person: also one whose record was not made at the sign-up."""
        moment = now()
        with told():
            client("dynamodb").update_item(
                TableName=self._sessions,
                Key={"sessionId": {"S": session_id}},
                **setting({"userId": person.user_id, "createdAt": moment}, number={"ttl": self._ttl()}),
            )
            client("dynamodb").update_item(
                TableName=self._users,
                Key={"userId": {"S": person.user_id}},
                **setting(
                    {"lastSignInAt": moment},
                    once={
                        "email": person.email,
                        "name": person.name,
                        "language": person.language,
                        "createdAt": moment,
                        "updatedAt": moment,
                    },
                ),
            )

    def ended(self, session_id: str) -> bool:
        """Whether a session is over."""
        with told():
            found = client("dynamodb").get_item(
                TableName=self._sessions, Key={"sessionId": {"S": session_id}}, ConsistentRead=True
            )
        return "endedAt" in found.get("Item", {})

    def end(self, session_id: str, user_id: str) -> None:
        """Lets a session's tokens count no more; one that ended before keeps its moment."""
        moment = now()
        once = {"endedAt": moment, "userId": user_id, "createdAt": moment}
        with told():
            client("dynamodb").update_item(
                TableName=self._sessions,
                Key={"sessionId": {"S": session_id}},
                **setting({}, once=once, number={"ttl": self._ttl()}),
            )
        # A cache that is aside is no reason to refuse: what it holds of the session ends by itself.
        self._memory.put(key_of(session_id), ENDED, CACHE_TTL_S)

    def end_all(self, user_id: str) -> None:
        """Ends every session that is recorded for a user."""
        with told():
            pages = (
                client("dynamodb")
                .get_paginator("query")
                .paginate(
                    TableName=self._sessions,
                    IndexName="UserIdIndex",
                    KeyConditionExpression="userId = :user",
                    FilterExpression="attribute_not_exists(endedAt)",
                    ExpressionAttributeValues={":user": {"S": user_id}},
                )
            )
            live = [item["sessionId"]["S"] for page in pages for item in page["Items"]]
        for session_id in live:
            self.end(session_id, user_id)

    def _ttl(self) -> int:
        return int((datetime.now(timezone.utc) + self._keep).timestamp())


def setting(
    text: dict[str, str], *, once: dict[str, str] | None = None, number: dict[str, int] | None = None
) -> dict[str, Any]:
    """The parameters of an update that sets attributes; those of `once` only where there is none, empty ones never."""
    values = {name: {"S": value} for name, value in {**text, **(once or {})}.items() if value}
    values |= {name: {"N": str(value)} for name, value in (number or {}).items()}
    kept = set(once or {}) - set(text)
    parts = [f"#{name} = if_not_exists(#{name}, :{name})" if name in kept else f"#{name} = :{name}" for name in values]
    return {
        "UpdateExpression": "SET " + ", ".join(parts),
        "ExpressionAttributeNames": {f"#{name}": name for name in values},
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }
