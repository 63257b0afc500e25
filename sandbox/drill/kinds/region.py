"""The first region answers no more, while its latest writes are still on their way to the second one."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.client import call
from sandbox.control import Control
from sandbox.control.answers import PendingWrite
from sandbox.drill.channels import Items, Objects, Pages, Place, Places, Predictions, Rows
from sandbox.drill.client import Channel, Client, RefusedError
from sandbox.drill.context import Context
from sandbox.drill.kinds import copied
from sandbox.drill.losses import Lost, Write, unexpected
from sandbox.drill.report import FULL_S

SETTLE_S = 20.0
UNDER_WAY_S = 5.0
_REGIONS = ("us-west-2", "us-east-1")
_NAME = {"domain": "api.example.org", "zoneId": "Z0123456789EXAMPLE"}
"""What the API of a drill's own stack is called: callers are led by health checks and records, as on AWS."""
_ASK_S = 1.0
"""How often health checks ask in a drill, in place of every ten seconds."""


class Following:
    """A channel whose writer moves on when its region does not answer."""

    def __init__(self, channel: Channel, places: Places) -> None:
        self.name = channel.name
        self._channel, self._places = channel, places

    def write(self, number: int) -> tuple[str, str]:
        """Writes, or gives the region up for the next time."""
        place = self._places.now()
        try:
            return self._channel.write(number)
        except RefusedError:
            if place == self._places.first:
                self._places.give_up()
            raise

    def read(self, write: Write) -> str | None:
        """What is there for a write, in the region that is written to now."""
        return self._channel.read(write)


class Region:
    """The first region of a stack of two."""

    name = "region"
    runbook = "fail-over-region"
    target_s = FULL_S
    warm_s = 4.0
    database = True
    """Whether a stack of the drill's own has one."""
    notes: Sequence[str] = (
        "health checks ask every second here and every ten on AWS, where callers that follow the name wait 30 s more",
        "the client's own address book stands for Route 53 where the stack has no domain",
        "the second region had seen a token of the first one's user pool before: its gateway holds the pool's keys",
        "pages are read by the sandbox's own edge, which keeps none: on AWS an edge answers for a day with what it has",
        "replication in the sandbox copies after a set lag; S3 promises 15 minutes, global tables take about a second",
        "the database was copied a moment before; on AWS copies are 20 minutes apart, and a restore takes 15 or more",
    )

    def fits(self, context: Context) -> bool:
        """A second region, and the first one not lost already."""
        regions = Control(context.home.path).status()["regions"]
        return len(regions) > 1 and not any(region["lost"] for region in regions)

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        """A second region of the smallest size, and a name of the API in both."""
        other = next(region for region in _REGIONS if region != config.get("aws:region"))
        # Two zones, as in the second region: what carries production may not stand in one.
        network = {**json.loads(config.get("mlplatform:network", "{}")), "zones": ["a", "b"]}
        return {
            "mlplatform:network": json.dumps(network),
            "mlplatform:recovery": json.dumps({"region": other}),
            # What a stack with a second region promises of its tables.
            "mlplatform:data": json.dumps(json.loads(config.get("mlplatform:data", "{}")) | {"recoveryDays": 35}),
            "mlplatform:api": json.dumps(_NAME | json.loads(config.get("mlplatform:api", "{}"))),
            "mlplatform:database": json.dumps({"enabled": self.database}),
            # Of everything twice, which the stack that is rehearsed never costs.
            "mlplatform:budget": json.dumps(json.loads(config.get("mlplatform:budget", "{}")) | {"limitUsd": 1000}),
        }

    def channels(self, context: Context) -> list[Channel]:
        """Predictions by the API, items and objects by the SDK, each where its region is; pages by the site."""
        places = self.places(context)
        channels = self.following(context, places)
        if self.database and copied.has_database(context):
            if "owner" not in context.journal.memory:
                context.journal.remember(owner=str(uuid.uuid4()))
            rows = Rows(context, context.journal.memory["owner"], lambda: places.now().region)
            channels.append(Following(rows, places))
        return channels

    def places(self, context: Context) -> Places:
        """Where the client finds the platform."""
        return _places(context)

    def following(self, context: Context, places: Places) -> list[Channel]:
        """The channels, each where `places` says."""

        def dynamodb() -> Any:
            return context.client("dynamodb", places.now().region)

        def s3() -> Any:
            return context.client("s3", places.now().region)

        table = f"{context.prefix}-predictions"
        predictions = Predictions(lambda: places.now().api_url, context.token, context.row(), dynamodb, table)
        channels: list[Channel] = [predictions, Items(dynamodb, table), Objects(s3, lambda: places.now().bucket)]
        if places.first.pages:
            name = str(context.state.outputs["site_url"]).removeprefix("https://")
            address = Control(context.home.path).status()["sites"][name]
            channels.append(Pages(s3, lambda: places.now().pages, address))
        return [Following(channel, places) for channel in channels]

    def prepare(self, context: Context, client: Client) -> None:
        """Looks whether the second region could take over at all, and has the database copied."""
        control = Control(context.home.path)
        status = control.status()
        _warmed(context)
        control.health(_ASK_S)
        replication = status["replication"]
        # What is paused on purpose is older than any lag when the region goes.
        lag_s = None if replication["paused"] else replication["lag_s"]
        context.journal.remember(region=status["primary"], lag_s=lag_s)
        if "owner" in context.journal.memory:
            context.journal.remember(copied=copied.copy(context, client))

    def fail(self, context: Context) -> None:
        """Takes the first region away; what it had not copied yet is known from its queues."""
        control, region = Control(context.home.path), context.journal.memory["region"]
        _under_way(control)
        control.lose(region)
        context.journal.remember(pending=[dict(row) for row in control.pending() if row["source"] == region])

    def given(self, context: Context) -> dict[str, str]:
        """Everything is in the stack's outputs."""
        del context
        return {}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """What is lost is exactly what was on its way, no more and no fewer, and none of it older than the lag."""
        memory = context.journal.memory
        waiting = {identity for row in memory["pending"] if (identity := _identity(row))}
        rows = [row for row in lost if row.write.channel == Rows.name]
        others = [write for write in client.writes if write.channel != Rows.name]
        found = unexpected(others, [row for row in lost if row not in rows], waiting, failed_at, memory["lag_s"])
        if "copied" in memory:
            found += copied.judge(client, rows, memory["copied"], failed_at)
        found += [*_led(context), *_trusted(context)]
        later = [write for write in client.writes if write.at > failed_at]
        if not later:
            found.append("no write was taken after the failure")
        return found

    def mend(self, context: Context) -> list[str]:
        """Gives the region back, lets what waited arrive, and lets the second one wait again."""
        memory = context.journal.memory
        if "region" not in memory:
            return []
        control = Control(context.home.path)
        control.recover(memory["region"])
        left = [] if control.settle(SETTLE_S) else [f"replication did not settle within {SETTLE_S:.0f} s; see `status`"]
        control.health(None)
        problem = command(context, "stand-down")
        left += [problem] if problem else []
        return left + self._forget_rows(context)

    def _forget_rows(self, context: Context) -> list[str]:
        """Lets the second region's database wait again, and removes the drill's rows from the first one's."""
        owner = context.journal.memory.get("owner")
        if owner is None:
            return []
        second, name = second_region(context), f"{context.prefix}-database"
        copied.give_back(context.client("rds", second), name)
        return copied.cleared(name, Rows(context, owner).clear)

    def open(self, context: Context) -> list[str]:
        """The region may be lost."""
        region = context.journal.memory.get("region")
        return [f"region {region} may be lost, and region {second_region(context)} promoted"] if region else []


def command(context: Context, word: str) -> str:
    """Tells the second region's follower what to do; what went wrong, in words, or nothing."""
    answer = context.client("lambda", second_region(context)).invoke(
        FunctionName=f"{context.prefix}-standby:live", Payload=json.dumps({"command": word}).encode()
    )
    if not answer.get("FunctionError"):
        return ""
    return f"the second region did not follow the command {word}: {answer['Payload'].read().decode()[:300]}"


def second_region(context: Context) -> str:
    """The region that waits."""
    region: str = context.state.outputs["standby_region"]
    return region


def _under_way(control: Control) -> None:
    """Waits for a moment until a write of the client is on its way: without one the drill would show nothing."""
    deadline = time.monotonic() + UNDER_WAY_S
    while not any(map(_identity, control.pending())) and time.monotonic() < deadline:
        time.sleep(0.05)


def _led(context: Context) -> list[str]:
    """Whether callers are led to the second region: those of the API's name, and those of the site."""
    status = Control(context.home.path).status()
    found: list[str] = []
    second = second_region(context)
    found += [
        f"the name {row['name']} leads to {row['region']}, not to {second}"
        for row in status["names"]
        if row["region"] != second
    ]
    site = status["sites"].get(str(context.state.outputs.get("site_url", "")).removeprefix("https://"))
    if site and status["names"]:
        reply = call(f"{site}/api/v1/health", timeout_s=10)
        if reply.status != 200:
            found.append(f"the site's API answers {reply.status}: {reply.text[:200]}")
    return found


def _trusted(context: Context) -> list[str]:
    """Whether the second region takes a token that the first one's user pool gave before it was lost, and only that."""
    address, token = f"{_places(context).second.api_url}/models?limit=1", context.token()
    head, payload, signature = token.split(".")
    asked = {"before the loss": (token, 200), "by nobody": (f"{head}.{payload}.{signature[::-1]}", 401)}
    replies = {given: (call(address, token=sent, timeout_s=10), wanted) for given, (sent, wanted) in asked.items()}
    return [
        f"the second region answers {reply.status} to a token that was given {given}: {reply.text[:200]}"
        for given, (reply, wanted) in replies.items()
        if reply.status != wanted
    ]


def _warmed(context: Context) -> None:
    """A prediction in the second region, as its canary makes one every few minutes; RuntimeError when it has none."""
    url = _places(context).second.api_url
    reply = call(f"{url}/ml/predict", "POST", {"input": context.row()}, context.token())
    if reply.status != 200:
        raise RuntimeError(
            f"the second region predicts nothing before the failure: {reply.status} {reply.text[:300]}; "
            "there is nothing to fail over to"
        )


def _places(context: Context) -> Places:
    control, outputs = Control(context.home.path), context.state.outputs
    status = control.status()
    urls = {region["name"]: region["api_url"] for region in status["regions"]}
    second = second_region(context)
    name = next(
        (row["name"] for row in status["names"] if urls.get(second) in {r["api_url"] for r in row["records"]}), ""
    )
    return Places(
        Place(status["primary"], urls[status["primary"]], outputs["raw_bucket"], outputs.get("site_bucket", "")),
        Place(second, urls[second], outputs["standby_raw_bucket"], outputs.get("standby_site_bucket", "")),
        control,
        name,
    )


def _identity(row: PendingWrite | Mapping[str, Any]) -> str:
    """The client's id of a write that is on its way; empty for what is not the client's."""
    if row["kind"] == "s3":
        return str(row["key"])
    if row["kind"] == "dynamodb":
        key = json.loads(row["key"])
        return str(key.get("predictionId", {}).get("S", ""))
    return ""
