"""A function breaks: a version that fails is published, and the alias that callers use leads to it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from sandbox.drill.channels import Items, Predictions
from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.kinds.kind import Anywhere
from sandbox.drill.losses import Lost
from sandbox.drill.report import CRITICAL_S

_CAPABILITY = "predictions"
_BROKEN = b'"""A version that cannot even be imported."""\nraise RuntimeError("broken by a drill")\n'


class Function(Anywhere):
    """The function of predictions fails at each call until its alias is put back."""

    name = "function"
    runbook = "function-failure"
    target_s = CRITICAL_S
    warm_s = 0.0
    notes: Sequence[str] = ()

    def channels(self, context: Context) -> list[Channel]:
        """Predictions by the API, and items that do not pass the function."""
        table = f"{context.prefix}-predictions"

        def dynamodb() -> Any:
            return context.client("dynamodb")

        return [
            Predictions(lambda: context.state.api_url, context.token, context.row(), dynamodb, table),
            Items(dynamodb, table),
        ]

    def prepare(self, context: Context, client: Client) -> None:
        """Remembers which version is the good one."""
        del client
        alias = context.client("lambda").get_alias(FunctionName=self._name(context), Name="live")
        context.journal.remember(good=alias["FunctionVersion"])

    def fail(self, context: Context) -> None:
        """Publishes a broken version and leads the callers to it."""
        name, aws = self._name(context), context.client("lambda")
        broken = aws.update_function_code(FunctionName=name, ZipFile=_archive(), Publish=True)["Version"]
        context.journal.remember(broken=broken)
        aws.update_alias(FunctionName=name, Name="live", FunctionVersion=broken)

    def given(self, context: Context) -> dict[str, str]:
        """Which function fails is seen in the alarm."""
        del context
        return {"CAPABILITY": _CAPABILITY}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """The alias leads where it led, callers were refused in between, and nothing that was taken is lost."""
        found = [
            f"{row.write.channel} {row.write.id} is {row.how}; a function's failure may lose nothing" for row in lost
        ]
        version = context.client("lambda").get_alias(FunctionName=self._name(context), Name="live")["FunctionVersion"]
        if version != context.journal.memory["good"]:
            found.append(f"the alias leads to version {version}, not to {context.journal.memory['good']}")
        if not any(row.channel == "predictions" and row.at >= failed_at for row in client.refusals):
            found.append("no prediction was refused: the failure was not felt")
        return found

    def mend(self, context: Context) -> list[str]:
        """Puts the alias back and the code that was deployed, and removes the broken version."""
        memory, name, aws = context.journal.memory, self._name(context), context.client("lambda")
        if "good" not in memory:
            return []
        aws.update_alias(FunctionName=name, Name="live", FunctionVersion=memory["good"])
        for version in _later(aws, name, int(memory["good"])):
            aws.delete_function(FunctionName=name, Qualifier=version)
        archive = context.root / "dist" / "functions" / f"{_CAPABILITY}.zip"
        if archive.is_file():
            aws.update_function_code(FunctionName=name, ZipFile=archive.read_bytes())
            return []
        return [f"$LATEST of {name} is still the broken code: {archive} is missing; run `make package` and start anew"]

    def open(self, context: Context) -> list[str]:
        """The alias may lead to the broken version."""
        if "good" not in context.journal.memory:
            return []
        return [f"the alias live of {self._name(context)} may lead to a version that fails at each call"]

    def _name(self, context: Context) -> str:
        return f"{context.prefix}-{_CAPABILITY}"


def _later(aws: Any, name: str, good: int) -> list[str]:
    """What was published since: the drill's own, also when it was interrupted before it knew the number."""
    pages = aws.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    found = [row["Version"] for page in pages for row in page["Versions"]]
    return [version for version in found if version.isdigit() and int(version) > good]


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("functions", f"functions/{_CAPABILITY}"):
            archive.writestr(f"{folder}/__init__.py", "")
        archive.writestr(f"functions/{_CAPABILITY}/handler.py", _BROKEN)
    return buffer.getvalue()
