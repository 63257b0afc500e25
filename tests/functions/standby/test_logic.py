"""A region follows the live model, waits where it must, and does nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.tasks import WorkError
from functions.standby.logic import LONGEST, Serving, Standby, key_of, name_of
from tests.functions.support.tables import FakeModels

LIVE = {"version": "v2", "modelDataUrl": "s3://first-models/training/v2/model.tar.gz"}
HERE = "s3://second-models/training/v2/model.tar.gz"
OLD = "s3://second-models/production/baseline/model.tar.gz"


@dataclass
class World:
    """A region in this process; each look may find it changed."""

    serves: str = OLD
    status: list[str] = field(default_factory=lambda: ["InService"])
    arrives_after: int = 0
    known: set[str] = field(default_factory=set)
    on: bool = False
    updates: list[tuple[str, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def has(self, key: str) -> bool:
        assert key == "training/v2/model.tar.gz"
        self.arrives_after -= 1
        return self.arrives_after < 0

    def serving(self) -> Serving:
        status = self.status.pop(0) if len(self.status) > 1 else self.status[0]
        return Serving(status, self.serves)

    def update(self, name: str, artifact: str) -> None:
        self.updates.append((name, artifact))
        self.serves = artifact

    def add(self, version: str, artifact: str) -> bool:
        assert artifact == HERE
        fresh = version not in self.known
        self.known.add(version)
        return fresh

    def states(self) -> dict[str, str]:
        return {"upload": "ENABLED" if self.on else "DISABLED"}

    def switch(self, *, on: bool) -> None:
        self.on = on


def standby(
    world: World, *items: dict[str, Any], live: str = "v2", pause: Callable[[float], None] | None = None
) -> Standby:
    return Standby(
        models=FakeModels(*(items or (LIVE,)), live=live),
        archives=world,
        endpoint=world,
        registry=world,
        triggers=world,
        bucket="second-models",
        prefix="mlplatform-prod",
        wait_s=60,
        pause_s=10,
        pause=pause or world.waits.append,
    )


def test_a_change_of_the_pointer_brings_the_live_model_here() -> None:
    world = World()
    found = standby(world).run({"Records": [{"eventName": "MODIFY"}]})
    assert found == {"outcome": "updating", "version": "v2", "why": "registered, and the endpoint updates"}
    ((name, artifact),) = world.updates
    assert artifact == HERE
    assert name.startswith("mlplatform-prod-standby-v2-")
    assert world.known == {"v2"}


def test_a_second_call_does_nothing() -> None:
    world = World()
    follower = standby(world)
    follower.run({"command": "synchronise"})
    assert follower.run({"command": "synchronise"})["outcome"] == "current"
    assert len(world.updates) == 1


def test_an_archive_that_is_on_its_way_is_waited_for() -> None:
    world = World(arrives_after=3)
    assert standby(world).synchronise()["outcome"] == "updating"
    assert world.waits == [10, 10, 10]


def test_an_archive_that_does_not_come_is_an_error_that_a_retry_mends() -> None:
    world = World(arrives_after=100)
    with pytest.raises(WorkError, match=r"model\.tar\.gz has not been replicated yet; .* \(waited 60 s\)"):
        standby(world).synchronise()
    assert (world.updates, world.known) == ([], set())
    world.arrives_after = 0
    assert standby(world).synchronise()["outcome"] == "updating"


def test_an_endpoint_that_changes_is_waited_for() -> None:
    world = World(status=["Updating", "RollingBack", "InService"])
    assert standby(world).synchronise()["outcome"] == "updating"
    assert world.waits == [10, 10]


def test_a_try_that_broke_off_after_registering_goes_on() -> None:
    world = World(known={"v2"})
    assert standby(world).synchronise()["why"] == "the endpoint updates"
    assert len(world.updates) == 1


def test_a_region_without_a_live_model_has_nothing_to_do() -> None:
    world = World()
    assert standby(world, live="").synchronise()["outcome"] == "nothing"
    assert world.updates == []


def test_a_promotion_starts_trainings_here_and_brings_the_model() -> None:
    world = World()
    found = standby(world).run({"command": "promote"})
    assert (found["outcome"], found["triggers"]) == ("updating", {"upload": "ENABLED"})


def test_a_promotion_does_not_fail_for_a_model_that_was_lost_with_the_other_region() -> None:
    world = World(arrives_after=100)
    found = standby(world).run({"command": "promote"})
    assert (found["outcome"], found["version"], world.on) == ("behind", "v2", True)
    assert "has not been replicated" in found["why"]


def test_standing_down_switches_the_triggers_off_and_leaves_the_model() -> None:
    world = World(on=True, serves=HERE)
    assert standby(world).run({"command": "stand-down"})["triggers"] == {"upload": "DISABLED"}
    assert world.updates == []


@pytest.mark.parametrize(
    ("serves", "status", "outcome"),
    [(HERE, "InService", "current"), (OLD, "InService", "behind"), (HERE, "Updating", "behind")],
)
def test_the_status_tells_whether_the_region_could_take_over(serves: str, status: str, outcome: str) -> None:
    world = World(serves=serves, status=[status])
    found = standby(world).run({"command": "status"})
    assert (found["outcome"], found["wanted"], found["serves"]) == (outcome, HERE, serves)
    assert world.updates == []


@pytest.mark.parametrize("event", [{}, {"command": "promot"}, {"command": None}])
def test_an_unknown_command_is_refused_with_those_there_are(event: dict[str, Any]) -> None:
    with pytest.raises(WorkError, match="give synchronise, promote, stand-down, status"):
        standby(World()).run(event)


@pytest.mark.parametrize("address", [None, "", "s3://bucket", "s3://bucket/", "https://example.org/model.tar.gz"])
def test_a_version_without_an_archive_is_refused(address: str | None) -> None:
    with pytest.raises(WorkError, match=r"modelDataUrl of version 'v3' is no S3 address; train the version again"):
        key_of({"version": "v3", "modelDataUrl": address})


@given(st.from_regex(r"[a-z][a-z0-9-]{0,25}", fullmatch=True), st.from_regex(r"[0-9a-f]{12}|baseline", fullmatch=True))
def test_names_fit_sagemaker_and_differ_by_archive(prefix: str, version: str) -> None:
    name = name_of(prefix, version, HERE)
    assert len(name) <= LONGEST
    assert name != name_of(prefix, version, OLD)
    assert name == name_of(prefix, version, HERE)
