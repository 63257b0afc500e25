"""The page of settings is current, and says something about each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.aws.kinds import camel
from components.settings.reference import STACKS, Setting, configured, page, settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "settings.md"
EVERY = settings()


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


@pytest.mark.parametrize("setting", EVERY, ids=[".".join(one.path) for one in EVERY])
def test_every_setting_says_what_it_does(setting: Setting) -> None:
    assert setting.what.endswith((".", ";")), f"{setting.path}: {setting.what!r}"
    assert f"| `{setting.path[-1]}` |" in page()


def test_no_setting_stands_on_the_page_twice() -> None:
    paths = [setting.path for setting in EVERY]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize("stack", STACKS)
def test_what_a_stack_says_stands_on_the_page(stack: str) -> None:
    column = 6 + STACKS.index(stack)
    shown = {
        (section, row[1].strip("` ")): row[column].strip()
        for section, rows in _tables().items()
        for row in rows
        if row[column].strip()
    }
    given = configured(stack)
    said = {
        (section, key)
        for section, values in given.items()
        if isinstance(values, dict) and section != "tags"
        for key in values
    }
    assert said <= set(shown)
    assert {key for key in shown if key[0] != "Without a section"} == said


def _tables() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    section = ""
    for line in page().splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| `"):
            found.setdefault(section, []).append(line.replace("\\|", "/").split("|"))
    return found


def test_the_page_shows_ranges_choices_and_defaults() -> None:
    rows = {f"{section}.{row[1].strip('` ')}": row for section, tables in _tables().items() for row in tables}
    assert rows["secrets.rotationDays"][2:5] == [" number ", " `30` ", " a whole number from 1 to 30 "]
    assert rows["network.nat"][2:5] == [" choice ", " `none` ", " none, single, perAz "]
    assert rows[f"data.{camel('log_days')}"][4] == " a whole number from 30 to 180 "
