"""Every setting of a stack shows in what is deployed: none is accepted and then ignored."""

from __future__ import annotations

import pytest

from components.settings import load
from components.settings.reference import Setting, settings
from tests.stacks.alternatives import (
    ALONE,
    IN_SMALL,
    IN_TWO,
    NOTHING,
    TEXTS,
    alternative,
    base_of,
    changeable,
    config,
    name,
    present,
)
from tests.stacks.experiment import alone, mixes, shows, stacks

EVERY = changeable()
each = pytest.mark.parametrize("setting", EVERY, ids=[name(setting) for setting in EVERY])


@each
def test_every_setting_has_another_value_that_is_allowed(setting: Setting) -> None:
    assert alternative(setting) != present(setting)
    stack = base_of(setting)
    changed, before = config(stack, [setting], name(setting)), config(stack, beside=name(setting))
    assert load(stack, changed) != load(stack, before)


@pytest.mark.parametrize("stack", stacks())
def test_what_is_changed_together_is_allowed_together(stack: str) -> None:
    for chosen in mixes(stack):
        load(stack, config(stack, chosen))


def test_rows_name_settings_that_exist() -> None:
    known = {name(setting) for setting in settings()}
    assert {*TEXTS, *ALONE, *IN_SMALL, *IN_TWO, *NOTHING} - known == set()


@pytest.mark.sweep
@pytest.mark.xdist_group("sweep")
@each
def test_every_setting_changes_what_is_deployed(setting: Setting) -> None:
    assert shows().get(name(setting)) or alone(setting), (
        f"{name(setting)} changes no input; see tests/stacks/alternatives"
    )
