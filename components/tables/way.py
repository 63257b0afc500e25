"""One way in which the platform reads or writes a table."""

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
