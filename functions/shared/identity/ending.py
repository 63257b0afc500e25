"""Ends sessions: in their table, which is the truth, and in the cache, which is asked first."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from functions.shared.aws.sdk import client, told
from functions.shared.aws.updates import setting
from functions.shared.identity.sessions import CACHE_TTL_S, ENDED, SessionMemory, key_of
from functions.shared.logs import now


class SessionEnds:
    """The table of sessions, as far as it is told that one is over."""

    def __init__(self, table: str, memory: SessionMemory, *, keep_days: int = 30) -> None:
        self._sessions, self._memory, self._keep = table, memory, timedelta(days=keep_days)

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
