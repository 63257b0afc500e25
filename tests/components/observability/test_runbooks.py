"""Runbooks: each that an alarm names is written, and says what a reader at night needs."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_every_runbook_that_an_alarm_names_is_written() -> None:
    sources = Path("components").rglob("*.py")
    named = {
        line.split('"')[1]
        for source in sources
        for line in source.read_text().splitlines()
        if line.strip().startswith('runbook="')
    }
    written = {page.stem for page in Path("docs/runbooks").glob("*.md")}
    assert len(named) >= 10
    assert named <= written, f"not written: {sorted(named - written)}"


# The page about drills tells of them all and is none itself.
RUNBOOKS = [page for page in sorted(Path("docs/runbooks").glob("*.md")) if page.stem != "drills"]


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_says_what_it_means_where_to_look_and_how_to_mend(page: Path) -> None:
    text = page.read_text()
    assert text.startswith("# ")
    if "## Steps" in text:
        # One that is gone through step by step, by a drill too: when, by whose word, and how long it takes.
        assert all(f"**{part}.**" in text for part in ("When", "Who decides", "How long"))
        return
    assert all(f"**{part}.**" in text for part in ("It means", "Look", "Mend"))
    assert text.count("\n") <= 40
