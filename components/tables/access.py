"""Every way in which the platform reads and writes its tables: rights, pages and tests go by these rows."""

from __future__ import annotations

from typing import Final

from components.tables.way import WORKFLOW, Access

__all__ = ["ACCESS", "WORKFLOW", "Access"]

_BATCHES: Final = "functions/shared/batches/record.py"
_DASHBOARD: Final = "functions/dashboard/store.py"
_ENDED: Final = "functions/shared/identity/sessions.py"
_ENDING: Final = "functions/shared/identity/ending.py"
_MODELS: Final = "functions/shared/models.py"
_PREDICTIONS: Final = "functions/predictions/store.py"
_REQUESTS: Final = "functions/shared/door/requests_table.py"
_SESSIONS: Final = "functions/accounts/sessions.py"
_USERS: Final = "functions/users/store.py"
_STATES: Final = "components/training_workflow/tasks.py"
_SIGNED_IN: Final = (
    *("accounts", "batches", "dashboard", "insights", "metrics", "predictions", "records", "registry"),
    *("trainings", "users"),
)
"""Capabilities whose callers are signed in."""

ACCESS: Final = (
    Access(
        table="users",
        operation="PutItem",
        by=("signup",),
        why="record of a user whose address is confirmed; Cognito waits for it",
        source="functions/signup/store.py",
    ),
    Access(
        table="users",
        operation="UpdateItem",
        by=("accounts",),
        why="when a user signed in, and the record of one who has none",
        source=_SESSIONS,
    ),
    Access(
        table="users",
        operation="GetItem",
        by=("users",),
        why="one user's record",
        source=_USERS,
    ),
    Access(
        table="users",
        operation="UpdateItem",
        by=("users",),
        why="change of a user's record, in the version that was seen; closing of an account",
        source=_USERS,
    ),
    Access(
        table="users",
        operation="Query",
        index="CreatedAtIndex",
        by=("users",),
        why="users for an administrator, the newest first, and how many there are",
        source=_USERS,
    ),
    Access(
        table="users",
        operation="BatchGetItem",
        by=("users",),
        why="records of the users of a page",
        source=_USERS,
    ),
    Access(
        table="sessions",
        operation="UpdateItem",
        by=("accounts",),
        why="begin of a session",
        source=_SESSIONS,
    ),
    Access(
        table="sessions",
        operation="UpdateItem",
        by=("accounts", "users"),
        why="end of a session",
        source=_ENDING,
    ),
    Access(
        table="sessions",
        operation="GetItem",
        by=("accounts",),
        why="whether a session may go on",
        source=_SESSIONS,
    ),
    Access(
        table="sessions",
        operation="Query",
        index="UserIdIndex",
        by=("accounts", "users"),
        why="sessions of a user who ends them all, or whose account is closed",
        source=_ENDING,
    ),
    Access(
        table="sessions",
        operation="GetItem",
        by=_SIGNED_IN,
        why="whether a token's session has ended, where the cache does not tell",
        source=_ENDED,
    ),
    Access(
        table="sessions",
        operation="BatchGetItem",
        by=_SIGNED_IN,
        why="the same of all sessions of a second, where no cache is in use",
        source=_ENDED,
    ),
    Access(
        table="requests",
        operation="PutItem",
        by=("batches", "records", "trainings"),
        why="claim of an Idempotency-Key, or what it was claimed for",
        source=_REQUESTS,
    ),
    Access(
        table="requests",
        operation="UpdateItem",
        by=("batches", "records", "trainings"),
        why="answer to a request with an Idempotency-Key, kept for a day",
        source=_REQUESTS,
    ),
    Access(
        table="requests",
        operation="UpdateItem",
        by=("accounts", "batches", "insights", "metrics", "records", "registry", "trainings", "users"),
        why="how much somebody has asked in these seconds, told for each twenty-fifth request of a process",
        source=_REQUESTS,
    ),
    Access(
        table="models",
        operation="GetItem",
        by=("predictions",),
        why="which model is live, asked once by a process that the cache does not answer",
        source=_PREDICTIONS,
    ),
    Access(
        table="models",
        operation="GetItem",
        by=("dashboard", "registry"),
        why="one version, or the live one",
        source=_MODELS,
    ),
    Access(
        table="models",
        operation="Query",
        index="GroupIndex",
        by=("dashboard", "registry"),
        why="versions of the stack, the newest first",
        source=_MODELS,
    ),
    Access(
        table="models",
        operation="UpdateItem",
        by=("registry",),
        why="who decided on a version, and why",
        source=_MODELS,
    ),
    Access(
        table="models",
        operation="GetItem",
        by=("approvals", "compare", "intake", "release", "standby"),
        why="one version, or the live one, for a training or for the other region",
        source=_MODELS,
        request=False,
    ),
    Access(
        table="models",
        operation="Query",
        index="PackageIndex",
        by=("approvals",),
        why="the version of a package that was decided on",
        source=_MODELS,
        request=False,
    ),
    Access(
        table="models",
        operation="PutItem",
        by=("intake",),
        why="claim of data for a training",
        source=_MODELS,
        request=False,
    ),
    Access(
        table="models",
        operation="UpdateItem",
        by=("approvals", "compare"),
        why="verdict or decision on a version",
        source=_MODELS,
        request=False,
    ),
    Access(
        table="models",
        operation="TransactWriteItems",
        by=("release",),
        why="the live version and the one before it, both or neither",
        source=_MODELS,
        request=False,
    ),
    Access(
        table="models",
        operation="UpdateItem",
        by=(WORKFLOW,),
        why="how far a version is",
        source=_STATES,
        request=False,
    ),
    Access(
        table="predictions",
        operation="PutItem",
        by=("predictions",),
        why="record of an answer",
        source=_PREDICTIONS,
    ),
    Access(
        table="predictions",
        operation="Query",
        index="UserIndex",
        by=("dashboard",),
        why="a caller's predictions of the last days",
        source=_DASHBOARD,
    ),
    Access(
        table="counters",
        operation="GetItem",
        by=("dashboard",),
        why="how much of the day a caller has used, to show it",
        source=_DASHBOARD,
    ),
    Access(
        table="batches",
        operation="PutItem",
        by=("batches",),
        why="record of a batch that was asked for, once for an id",
        source=_BATCHES,
    ),
    Access(
        table="batches",
        operation="GetItem",
        by=("batches",),
        why="one batch of a caller",
        source=_BATCHES,
    ),
    Access(
        table="batches",
        operation="Query",
        index="UserIndex",
        by=("batches",),
        why="batches of a caller, the newest first",
        source=_BATCHES,
    ),
    Access(
        table="batches",
        operation="UpdateItem",
        by=("batches",),
        why="end of a batch that its caller cancels",
        source=_BATCHES,
    ),
    Access(
        table="batches",
        operation="GetItem",
        by=("batchwork",),
        why="the batch that a message names, and the transforms that run",
        source=_BATCHES,
        request=False,
    ),
    Access(
        table="batches",
        operation="UpdateItem",
        by=("batchwork",),
        why="how far a batch is, and slots of transforms",
        source=_BATCHES,
        request=False,
    ),
    Access(
        table="batches",
        operation="UpdateItem",
        by=("callbacks",),
        why="whether the caller was told",
        source=_BATCHES,
        request=False,
    ),
    Access(
        table="counters",
        operation="UpdateItem",
        by=("insights",),
        why="how much of the day a caller has used",
        source="functions/insights/store.py",
    ),
)
"""Every access, by table."""
