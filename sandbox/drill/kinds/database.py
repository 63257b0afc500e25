"""Rows of the database are deleted by a faulty program, and everybody goes on writing."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.drill.channels import Items, Rows
from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.kinds.copied import cleared, give_back, has_database
from sandbox.drill.kinds.damage import told
from sandbox.drill.losses import Lost
from sandbox.drill.report import CRITICAL_S

KEPT = 2
"""One in so many of the drill's rows survives the faulty program."""


class Database:
    """The relational database; only rows of the drill's own user are deleted."""

    name = "database"
    runbook = "restore-the-database"
    target_s = CRITICAL_S
    warm_s = 4.0
    notes: Sequence[str] = (
        "on AWS a restore takes 15 to 60 minutes, and the last minutes cannot be restored at once",
        "what was written after the last good second and before the first step is lost unless it is copied by hand",
    )

    def fits(self, context: Context) -> bool:
        """Whether the stack has a database."""
        return has_database(context)

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        """A database where the stack has none."""
        del config
        return {"mlplatform:database": '{"enabled": true}'}

    def channels(self, context: Context) -> list[Channel]:
        """Rows through the proxy, and items that do not pass it."""
        memory = context.journal.memory
        if "owner" not in memory:
            context.journal.remember(owner=str(uuid.uuid4()))

        def dynamodb() -> Any:
            return context.client("dynamodb")

        return [Rows(context, memory["owner"]), Items(dynamodb, f"{context.prefix}-predictions")]

    def prepare(self, context: Context, client: Client) -> None:
        """Chooses the rows, and notes the last good second."""
        victims = [write.id for write in client.of(Rows.name)]
        # Times of recovery are whole seconds.
        context.journal.remember(restore_to=int(time.time()), deleted=victims[::KEPT])
        time.sleep(1.0 - time.time() % 1)

    def fail(self, context: Context) -> None:
        """Deletes them."""
        Rows(context, context.journal.memory["owner"]).delete(context.journal.memory["deleted"])

    def given(self, context: Context) -> dict[str, str]:
        """The last good second."""
        return {"RESTORE_TO": told(context.journal.memory["restore_to"])}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """What is lost is exactly what was written after the last good second and before the first step."""
        restore_to = context.journal.memory["restore_to"]
        refused = [row.at for row in client.refusals if row.channel == Rows.name and row.at > failed_at]
        if not refused:
            return ["no row was refused: the writers were not stopped"]
        gone = {row.write.id for row in lost}
        found = [
            f"{row.write.channel} {row.write.id} is {row.how}, although it was there at the last good second"
            for row in lost
            if row.write.channel != Rows.name or row.write.at <= restore_to
        ]
        # A row is written a moment before its acknowledgement arrives, so the border is as wide as that moment.
        found += [
            f"row {write.id} is there, although it was written after the last good second"
            for write in client.of(Rows.name)
            if restore_to + 1 < write.at < refused[0] and write.id not in gone
        ]
        return found

    def mend(self, context: Context) -> list[str]:
        """Turns the proxy back to the cluster of the program, and removes the restored one and the drill's rows."""
        memory, rds, name = context.journal.memory, context.client("rds"), f"{context.prefix}-database"
        give_back(rds, name)
        return cleared(name, Rows(context, memory["owner"]).clear)

    def open(self, context: Context) -> list[str]:
        """Rows are deleted, and the proxy may lead nowhere."""
        if "deleted" not in context.journal.memory:
            return []
        count = len(context.journal.memory["deleted"])
        return [
            f"{count} rows of the drill's own are deleted, and the proxy may lead to the restored cluster or to none"
        ]
