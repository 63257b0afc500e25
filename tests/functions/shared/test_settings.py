"""Settings: one class for the component and the function."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from functions.shared.settings import PARSERS, SettingsError, load, variables

TOLD = {path.parent.name for path in Path("functions").glob("*/settings.py")} - {"shared"}
CAPABILITIES = sorted(TOLD)


@dataclass(frozen=True)
class Example:
    table: str
    port: int
    share: float = 0.5


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        load(Example, {"PORT": "many", "SHARE": "half"})
    assert "TABLE: missing" in str(raised.value)
    assert "PORT: 'many' is not allowed; give a whole number" in str(raised.value)
    assert "SHARE: 'half' is not allowed; give a number" in str(raised.value)


def test_a_blank_text_is_refused() -> None:
    with pytest.raises(SettingsError, match="TABLE: '  ' is not allowed"):
        load(Example, {"TABLE": "  ", "PORT": "1"})


def test_what_a_component_sets_is_what_the_function_reads() -> None:
    made = variables(Example, table="models", port=6379)
    assert made == {"TABLE": "models", "PORT": 6379}
    assert load(Example, {name: str(value) for name, value in made.items()}) == Example("models", 6379)


def test_a_component_hears_of_missing_and_unknown_fields() -> None:
    with pytest.raises(SettingsError) as raised:
        variables(Example, table="models", prot=1)
    assert "port: missing; give it a value" in str(raised.value)
    assert "prot: unknown; the fields are port, share, table" in str(raised.value)


def test_values_that_are_not_known_yet_are_passed_through() -> None:
    unknown = object()
    assert variables(Example, table=unknown, port=unknown)["TABLE"] is unknown


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_every_field_has_a_type_that_can_be_read_and_words(capability: str) -> None:
    cls: Any = importlib.import_module(f"functions.{capability}.settings").Settings
    assert cls.__dataclass_params__.frozen
    assert {str(field.type) for field in fields(cls)} <= set(PARSERS)
