"""Every way in which the platform reads and writes its tables: rights, pages and tests go by these rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from components.tables.plan import INDEXES, KEYS, TableName

Operation = Literal["BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"]
"""What may be done. `Scan` is none of them: it reads the whole table, however little is wanted."""

WORKFLOW: Final = "training"
"""The state machine of trainings, as a caller."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """One operation on one table, by the key that it knows."""

    table: TableName
    operation: Operation
    by: tuple[str, ...]
    """Capabilities, or the training workflow, that do it."""
    why: str
    """What for, as a question or a deed of a user."""
    source: str
    """File that does it."""
    index: str = ""
    """Index that is queried; empty for the table itself."""
    request: bool = True
    """Whether somebody waits for the answer of the API meanwhile."""

    @property
    def key(self) -> str:
        """What the caller must know."""
        if not self.index:
            return KEYS[self.table]
        hash_key, range_key = INDEXES[self.table][self.index]
        return f"{hash_key}, in order of {range_key}" if range_key else hash_key

    @property
    def actions(self) -> tuple[str, ...]:
        """IAM actions that it takes: a transaction has none of its own."""
        return ("dynamodb:UpdateItem",) if self.operation == "TransactWriteItems" else (f"dynamodb:{self.operation}",)


_MODELS: Final = "functions/shared/models.py"
_PREDICTIONS: Final = "functions/predictions/store.py"
_REQUESTS: Final = "functions/shared/door/requests_table.py"
_SESSIONS: Final = "functions/accounts/sessions.py"
_STATES: Final = "components/training_workflow/tasks.py"

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
        table="sessions",
        operation="UpdateItem",
        by=("accounts",),
        why="begin and end of a session",
        source=_SESSIONS,
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
        by=("accounts",),
        why="sessions of a user who ends them all",
        source=_SESSIONS,
    ),
    Access(
        table="sessions",
        operation="GetItem",
        by=("insights", "predictions", "registry", "trainings"),
        why="whether a token's session has ended, where the cache does not tell",
        source="functions/shared/identity/sessions.py",
    ),
    Access(
        table="requests",
        operation="PutItem",
        by=("trainings",),
        why="claim of an Idempotency-Key, or what it was claimed for",
        source=_REQUESTS,
    ),
    Access(
        table="requests",
        operation="UpdateItem",
        by=("trainings",),
        why="answer to a request with an Idempotency-Key, kept for a day",
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
        by=("registry",),
        why="one version, or the live one",
        source=_MODELS,
    ),
    Access(
        table="models",
        operation="Query",
        index="GroupIndex",
        by=("registry",),
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
        table="counters",
        operation="UpdateItem",
        by=("insights",),
        why="how much of the day a caller has used",
        source="functions/insights/store.py",
    ),
)
"""Every access, by table."""
