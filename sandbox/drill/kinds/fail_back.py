"""The first region is back while the second one carries the traffic: the way back loses nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from sandbox.control import Control
from sandbox.drill.channels import Places
from sandbox.drill.client import Channel, Client, RefusedError
from sandbox.drill.context import Context
from sandbox.drill.kinds.leaving import join, leave, left
from sandbox.drill.kinds.region import SETTLE_S, Region, command, second_region
from sandbox.drill.losses import Lost, Write

MOVED_S = 20.0
PAUSE_S = 0.2


class Returning:
    """A channel whose writes are looked for in the first region, once both have the same data."""

    def __init__(self, writer: Channel, reader: Channel, control: Control) -> None:
        self.name = writer.name
        self._writer, self._reader, self._control = writer, reader, control
        self._settled = False

    def write(self, number: int) -> tuple[str, str]:
        """Writes where the client is."""
        return self._writer.write(number)

    def read(self, write: Write) -> str | None:
        """What the first region has; RefusedError when the regions do not become equal."""
        if not self._settled:
            self._settled = self._control.settle(SETTLE_S)
        if not self._settled:
            raise RefusedError(f"the regions are not equal after {SETTLE_S:.0f} s; see `status`")
        return self._reader.read(write)


class FailBack(Region):
    """What begins where the drill of a region ends: promoted there, and well again here."""

    name = "fail-back"
    runbook = "fail-back-region"
    # Nothing of this drill passes it, and each region would wait for one of its own.
    database = False
    notes: Sequence[str] = (
        "the first region was lost a moment before: what waited is copied while the page is followed",
        *Region.notes[1:],
    )

    def channels(self, context: Context) -> list[Channel]:
        """As in the drill of a region; everything must be in the first region in the end."""
        places, control = self.places(context), Control(context.home.path)
        here = Places(places.first, replace(places.first), control)
        pairs = zip(self.following(context, places), self.following(context, here), strict=True)
        return [Returning(writer, reader, control) for writer, reader in pairs]

    def fail(self, context: Context) -> None:
        """Loses the first region; the second one takes over, somebody leaves there; and the first one is given back."""
        control, region = Control(context.home.path), context.journal.memory["region"]
        if "leaver" not in context.journal.memory:
            context.journal.remember(leaver=join(context, second_region(context)))
        control.lose(region)
        problem = command(context, "promote")
        if problem:
            raise RuntimeError(problem)
        _moved(control, second_region(context))
        leave(context, self.places(context).second.api_url, context.journal.memory["leaver"])
        control.recover(region)

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """Nothing is lost, whichever region took it, and writes were taken after the failure."""
        found = [f"{row.write.channel} {row.write.id} is {row.how} in the first region" for row in lost]
        if not any(write.at > failed_at for write in client.writes):
            found.append("no write was taken after the failure")
        status = Control(context.home.path).status()
        found += [f"region {row['name']} is lost" for row in status["regions"] if row["lost"]]
        return [*found, *left(context, context.journal.memory["leaver"])]

    def open(self, context: Context) -> list[str]:
        """Either region may be in the wrong state."""
        region = context.journal.memory.get("region")
        return [f"region {region} may be lost, and region {second_region(context)} promoted"] if region else []


def _moved(control: Control, second: str) -> None:
    """Waits until names lead to the second region, as they do a few health checks after the loss."""
    deadline = time.monotonic() + MOVED_S
    while any(row["region"] != second for row in control.status()["names"]):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the API's name does not lead to {second} after {MOVED_S:.0f} s; see `status`")
        time.sleep(PAUSE_S)
