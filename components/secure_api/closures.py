"""Accounts that are closed in another region are closed here too, once the closed record has arrived."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from pulumi import Input, ResourceOptions

from components.function import Function
from components.tables.hearing import age, hear, may_hear
from components.values import Alarm, Metric, Statement, Widget

LATE_MIN: Final = 30
_AGE_S: Final = 24 * 3600
_RETRIES: Final = 200
"""With Lambda's pauses between them, about as long as a stream keeps a record."""


class Closures(TypedDict):
    """How the region hears of closed accounts."""

    stream_arn: Input[str]
    """Stream of the users table in this region, which has the changes of all regions."""
    lost_events_arn: Input[str]
    """Queue for closings that could not be followed."""
    lost_events_key_arn: Input[str]
    """KMS key of that queue."""


def rights(closures: Closures | None) -> list[Statement]:
    """What the function of users may do beside what a caller has it do."""
    if closures is None:
        return []
    key: Statement = {
        "Sid": "EncryptLostChanges",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [closures["lost_events_key_arn"]],
    }
    return [*may_hear(closures["stream_arn"], closures["lost_events_arn"]), key]


def follow(name: str, users: Function, closures: Closures | None, opts: ResourceOptions) -> None:
    """Calls the function of users with each record whose account somebody has asked to close."""
    if closures is None:
        return
    # Replication may send two writes as one, so what counts is what the record is now, not what has changed in it.
    pattern = {"dynamodb": {"NewImage": {"deletedAt": {"S": [{"exists": True}]}}}}
    hear(
        f"{name}-closures",
        users,
        {
            "stream_arn": closures["stream_arn"],
            "pattern": pattern,
            # Each for itself: one that fails is tried again alone.
            "at_once": 1,
            "retries": _RETRIES,
            "keep_s": _AGE_S,
            "lost_events_arn": closures["lost_events_arn"],
        },
        opts,
    )


def alarms(users: Function, closures: Closures | None) -> list[Alarm]:
    """A closing that waits: somebody can still sign in here with an account that is closed."""
    if closures is None:
        return []
    return [
        Alarm(
            name="closures-behind",
            metric=_age(users).over(300),
            threshold=LATE_MIN * 60_000,
            description=f"an account that was closed elsewhere is open here for more than {LATE_MIN} minutes",
            runbook="closures-behind",
        )
    ]


def widgets(users: Function, closures: Closures | None) -> list[Widget]:
    """How old the closing is that is being followed."""
    if closures is None:
        return []
    marks: Any = {"alarm": LATE_MIN * 60_000}
    title = "Closed accounts: age of the closing that is followed"
    return [Widget(title=title, section="Recovery", metrics=[_age(users)], y_label="ms", marks=marks)]


def _age(users: Function) -> Metric:
    return age(users, "age of the closing")
