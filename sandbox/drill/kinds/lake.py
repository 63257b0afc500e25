"""Objects of the lake are overwritten by a bad job, and some are deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.drill.channels import Objects
from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.kinds.damage import GARBAGE, choose, last_good, left, told
from sandbox.drill.kinds.kind import Anywhere
from sandbox.drill.losses import Lost
from sandbox.drill.report import REST_S

PREFIX = "drill/"
"""Where the client's own objects lie; everything else stays as it is."""


class Lake(Anywhere):
    """The bucket of processed data: objects of the drill's client are overwritten or deleted."""

    name = "lake"
    runbook = "restore-objects"
    target_s = REST_S
    warm_s = 3.0
    notes: Sequence[str] = (
        "on AWS a version that lies in an archive tier must be asked for first, which takes hours",
        "S3 tells times of versions in whole seconds: what was written in the second of the damage may stay damaged",
    )

    def channels(self, context: Context) -> list[Channel]:
        """Objects by the SDK."""

        def s3() -> Any:
            return context.client("s3")

        return [Objects(s3, lambda: self._bucket(context))]

    def prepare(self, context: Context, client: Client) -> None:
        """Chooses objects that are as old as the moment that the page goes back to."""
        restore_to = last_good()
        damaged, deleted = choose([write for write in client.writes if write.at <= restore_to], restore_to)
        context.journal.remember(
            restore_to=restore_to,
            damaged=[write.id for write in damaged],
            deleted=[write.id for write in deleted],
            values={write.id: write.value for write in (*damaged, *deleted)},
        )

    def fail(self, context: Context) -> None:
        """Overwrites a part of what was written, and deletes another."""
        memory, s3, bucket = context.journal.memory, context.client("s3"), self._bucket(context)
        for key in memory["damaged"]:
            s3.put_object(Bucket=bucket, Key=key, Body=GARBAGE.encode())
        for key in memory["deleted"]:
            s3.delete_object(Bucket=bucket, Key=key)

    def given(self, context: Context) -> dict[str, str]:
        """The bucket, the prefix and the last good second."""
        restore_to = told(context.journal.memory["restore_to"])
        return {"BUCKET": self._bucket(context), "PREFIX": PREFIX, "RESTORE_TO": restore_to}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """Nothing is lost, and the wrong versions can still be looked at."""
        del client, failed_at
        found = [f"{row.write.id} is {row.how}, although a version of it was there" for row in lost]
        s3, bucket = context.client("s3"), self._bucket(context)
        for key in context.journal.memory["damaged"][:1]:
            versions = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
            bodies = [
                s3.get_object(Bucket=bucket, Key=key, VersionId=row["VersionId"])["Body"].read() for row in versions
            ]
            if GARBAGE.encode() not in bodies:
                found.append(f"the wrong version of {key} is gone, which nobody can look into any more")
        return found

    def mend(self, context: Context) -> list[str]:
        """Puts the objects back from the drill's own list."""
        memory, s3, bucket = context.journal.memory, context.client("s3"), self._bucket(context)
        for key, value in memory.get("values", {}).items():
            s3.put_object(Bucket=bucket, Key=key, Body=value.encode())
        return []

    def open(self, context: Context) -> list[str]:
        """Objects are damaged."""
        return left(context.journal.memory, f"objects of {self._bucket(context)}")

    def _bucket(self, context: Context) -> str:
        bucket: str = context.state.outputs["processed_bucket"]
        return bucket
