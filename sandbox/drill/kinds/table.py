"""Items of a table are damaged by a bad writer, and some are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.drill.channels import Items, Predictions
from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.kinds.damage import GARBAGE, choose, last_good, left, told
from sandbox.drill.kinds.kind import Anywhere
from sandbox.drill.losses import Lost, Write
from sandbox.drill.report import CRITICAL_S


class Table(Anywhere):
    """The predictions table: the items of the drill's client are damaged, everything else stays as it is."""

    name = "table"
    runbook = "restore-a-table"
    target_s = CRITICAL_S
    warm_s = 3.0
    notes: Sequence[str] = (
        "on AWS a restore takes 10 to 60 minutes, and the last five minutes cannot be restored at once",
    )

    def channels(self, context: Context) -> list[Channel]:
        """Predictions by the API and items by the SDK, both into the table."""

        def dynamodb() -> Any:
            return context.client("dynamodb")

        table = self._table(context)
        return [
            Predictions(lambda: context.state.api_url, context.token, context.row(), dynamodb, table),
            Items(dynamodb, table),
        ]

    def prepare(self, context: Context, client: Client) -> None:
        """Chooses items, also such as were written after the moment that the page goes back to."""
        restore_to = last_good()
        damaged, deleted = choose(client.writes, restore_to)
        context.journal.remember(
            restore_to=restore_to,
            damaged=[write.id for write in damaged],
            deleted=[write.id for write in deleted],
            images=self._images(context, [*damaged, *deleted]),
        )

    def fail(self, context: Context) -> None:
        """Damages a part of what was written, and deletes another; the time before it is the one to go back to."""
        memory, dynamodb, table = context.journal.memory, context.client("dynamodb"), self._table(context)
        for identity in memory["damaged"]:
            dynamodb.update_item(
                TableName=table,
                Key={"predictionId": {"S": identity}},
                UpdateExpression="SET #r = :g",
                ExpressionAttributeNames={"#r": "result"},
                ExpressionAttributeValues={":g": {"S": f'"{GARBAGE}"'}},
            )
        for identity in memory["deleted"]:
            dynamodb.delete_item(TableName=table, Key={"predictionId": {"S": identity}})

    def given(self, context: Context) -> dict[str, str]:
        """The table, and the last good second."""
        return {"TABLE": self._table(context), "RESTORE_TO": told(context.journal.memory["restore_to"])}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """What is lost is exactly what was damaged and is younger than the time that was gone back to."""
        del failed_at
        memory = context.journal.memory
        victims = {*memory["damaged"], *memory["deleted"]}
        # An item is written a moment before its acknowledgement arrives, so the border is as wide as that moment.
        must = {write.id for write in client.writes if write.id in victims and write.at >= memory["restore_to"] + 2}
        may = {write.id for write in client.writes if write.id in victims and write.at > memory["restore_to"]}
        gone = {row.write.id for row in lost}
        found = [f"{identity} is lost, although it could have been restored" for identity in sorted(gone - may)]
        found += [f"{identity} is there, although no copy of it can have existed" for identity in sorted(must - gone)]
        if self._restored(context) in context.client("dynamodb").list_tables()["TableNames"]:
            found.append(f"the restored copy {self._restored(context)} was not removed")
        return found

    def mend(self, context: Context) -> list[str]:
        """Puts the damaged items back from the drill's own copies, and removes the restored table."""
        memory, dynamodb = context.journal.memory, context.client("dynamodb")
        for item in memory.get("images", []):
            dynamodb.put_item(TableName=self._table(context), Item=item)
        if self._restored(context) in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName=self._restored(context))
        return []

    def open(self, context: Context) -> list[str]:
        """Items are damaged."""
        return left(context.journal.memory, f"items of {self._table(context)}")

    def _table(self, context: Context) -> str:
        return f"{context.prefix}-predictions"

    def _restored(self, context: Context) -> str:
        return f"{self._table(context)}-restored"

    def _images(self, context: Context, writes: Sequence[Write]) -> list[Any]:
        """The items as they are now, so that the drill can be undone."""
        found = [
            context.client("dynamodb").get_item(
                TableName=self._table(context), Key={"predictionId": {"S": write.id}}, ConsistentRead=True
            )
            for write in writes
        ]
        return [answer["Item"] for answer in found if "Item" in answer]
