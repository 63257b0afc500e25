"""The four steps: in order, again, after a failure at any place, and for nobody else's secret."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.rotation.cache import PATIENCE_S, CacheToken
from functions.rotation.logic import CURRENT, PENDING, PREVIOUS, Rotation
from functions.shared.tasks import WorkError
from tests.functions.rotation.fakes import ARN, FakeGroup, FakeVault

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Clock:
    """Time that passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def rotation(vault: FakeVault, group: FakeGroup) -> Rotation:
    clock = Clock()
    return Rotation(vault, CacheToken(group, clock, clock.sleep))


def both() -> tuple[FakeVault, FakeGroup]:
    vault, group = FakeVault({"token": "old"}), FakeGroup(["old"])
    vault.begin("v2")
    return vault, group


def event(step: str, version: str = "v2", secret: str = ARN) -> Mapping[str, Any]:
    return {"Step": step, "SecretId": secret, "ClientRequestToken": version}


def run(vault: FakeVault, group: FakeGroup, *steps: str) -> list[str]:
    return [str(rotation(vault, group).run(event(step))["outcome"]) for step in steps]


def test_old_and_new_token_work_until_the_last_step_and_then_the_new_one_alone() -> None:
    vault, group = both()
    assert run(vault, group, "createSecret") == ["created"]
    new = vault.values["v2"]["token"]
    assert (len(new), new.isalnum(), group.tokens) == (64, True, ["old"])
    assert run(vault, group, "setSecret", "testSecret") == ["installed", "proven"]
    assert group.tokens == ["old", new]
    assert vault.value(CURRENT) == {"token": "old"}
    assert run(vault, group, "finishSecret") == ["in force"]
    assert group.tokens == [new]
    assert group.changes == ["ROTATE", "SET"]
    assert vault.value(CURRENT) == {"token": new}
    assert vault.value(PREVIOUS) == {"token": "old"}


def test_what_else_the_secret_holds_stays() -> None:
    vault, group = FakeVault({"token": "old", "user": "default"}), FakeGroup(["old"])
    vault.begin("v2")
    run(vault, group, "createSecret")
    assert vault.values["v2"]["user"] == "default"


@given(st.lists(st.sampled_from(STEPS[:3]), max_size=8))
def test_steps_in_any_order_and_number_never_take_the_old_token_away(steps: list[str]) -> None:
    vault, group = both()
    for step in steps:
        # A step ahead of its turn is refused.
        with nullcontext() if step == "createSecret" else suppress(WorkError):
            run(vault, group, step)
    assert "old" in group.tokens
    assert vault.value(CURRENT) == {"token": "old"}
    assert len(group.tokens) <= 2
    run(vault, group, *STEPS)
    assert group.tokens == [vault.values["v2"]["token"]]


@pytest.mark.parametrize("twice", STEPS)
def test_every_step_run_twice_is_as_good_as_once(twice: str) -> None:
    vault, group = both()
    for step in STEPS:
        run(vault, group, *([step, step] if step == twice else [step]))
    assert (group.tokens, group.changes) == ([vault.values["v2"]["token"]], ["ROTATE", "SET"])
    assert vault.stages["v2"] == [PENDING, CURRENT]


@pytest.mark.parametrize(("fails", "step"), [("ROTATE", "setSecret"), ("accepts", "setSecret")])
def test_a_failing_step_leaves_the_old_token_in_force_and_can_be_run_again(fails: str, step: str) -> None:
    vault, group = both()
    run(vault, group, "createSecret")
    group.fails = fails
    with pytest.raises(WorkError, match=f"{fails} fails"):
        run(vault, group, step)
    assert (vault.value(CURRENT), group.tokens) == ({"token": "old"}, ["old"])
    group.fails = ""
    run(vault, group, *STEPS)
    assert group.tokens == [vault.values["v2"]["token"]]


def test_a_token_that_is_not_accepted_does_not_come_into_force() -> None:
    vault, group = both()
    run(vault, group, "createSecret")
    with pytest.raises(WorkError, match="refuses the new token"):
        run(vault, group, "testSecret")
    assert vault.value(CURRENT) == {"token": "old"}


def test_when_the_old_token_cannot_be_retired_the_new_one_is_in_force_and_both_work() -> None:
    vault, group = both()
    run(vault, group, *STEPS[:3])
    group.fails = "SET"
    with pytest.raises(WorkError, match="SET fails"):
        run(vault, group, "finishSecret")
    assert vault.value(CURRENT) == vault.values["v2"]
    assert len(group.tokens) == 2
    group.fails = ""
    assert run(vault, group, "finishSecret") == ["in force"]
    assert group.tokens == [vault.values["v2"]["token"]]


def test_a_change_that_does_not_end_is_told_before_the_function_runs_out_of_time() -> None:
    vault, group = both()
    run(vault, group, "createSecret")
    group.takes = 2000
    clock = Clock()
    with pytest.raises(WorkError, match="still being changed after 780 s; wait until it is available"):
        Rotation(vault, CacheToken(group, clock, clock.sleep)).run(event("setSecret"))
    assert PATIENCE_S <= clock.now < 900


def test_a_cache_that_has_another_token_than_the_secret_is_mended_by_a_rotation() -> None:
    vault, group = both()
    group.tokens = ["of a snapshot"]
    run(vault, group, *STEPS[:3])
    assert vault.values["v2"]["token"] in group.tokens
    run(vault, group, "finishSecret")
    assert vault.value(CURRENT) == vault.values["v2"]


@pytest.mark.parametrize(
    ("given_event", "says"),
    [
        (event("dropSecret"), "Step is 'dropSecret'; allowed: createSecret, setSecret"),
        ({}, "Step is ''"),
        (event("setSecret", secret=ARN + "x"), f"SecretId is '{ARN}x'; allowed: {ARN}"),
        (event("setSecret", version="v9"), "ClientRequestToken is 'v9'; allowed: a version"),
        (event("setSecret", version="v0"), "version v0 of .* is not staged as AWSPENDING"),
        (event("setSecret"), "version v2 of .* has no value yet; run createSecret first"),
        (event("testSecret"), "version v2 of .* has no value yet; run createSecret first"),
    ],
)
def test_a_step_that_is_not_due_is_refused(given_event: Mapping[str, Any], says: str) -> None:
    vault, group = both()
    vault.stages["v0"] = []
    with pytest.raises(WorkError, match=says):
        rotation(vault, group).run(given_event)
    assert (group.tokens, vault.value(CURRENT)) == (["old"], {"token": "old"})


def test_a_secret_whose_rotation_is_off_is_left_alone() -> None:
    vault, group = both()
    vault.rotates = False
    with pytest.raises(WorkError, match="is off; turn it on with RotateSecret"):
        run(vault, group, "createSecret")


@pytest.mark.parametrize("value", [{}, {"token": ""}, {"token": 5}])
def test_a_secret_without_a_token_is_named_and_never_shown(value: dict[str, Any]) -> None:
    vault, group = both()
    vault.values["v2"] = value
    with pytest.raises(WorkError, match='has no text "token"; put'):
        run(vault, group, "setSecret")


def test_the_test_before_the_first_rotation_passes_with_the_value_in_force() -> None:
    vault, group = FakeVault({"token": "old"}), FakeGroup(["old"])
    vault.begin("v2")
    vault.values["v2"] = {"token": "old"}
    assert run(vault, group, "testSecret") == ["proven"]


def test_the_daily_clock_asks_for_the_age_alone() -> None:
    vault, group = both()
    assert rotation(vault, group).run({"Step": "reportAge"}) == {"outcome": "reported"}
    assert group.changes == []
