"""A drill from the failure to the report, with a shelf in the place of a platform."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.drill import conductor
from sandbox.drill.conductor import mend, resume
from sandbox.drill.context import Context
from sandbox.drill.journal import Journal, JournalError
from sandbox.drill.report import Report
from tests.sandbox.drill.support import PAGE, Breakage, Shelf, place


def quiet(_: str) -> None:
    """Shows nothing."""


def conduct(kind: Breakage, context: Context, say: Callable[[str], None], patience_s: float = 30) -> Report:
    """As the command does it."""
    context.journal.open(kind.name)
    return conductor.conduct(kind, context, say, patience_s)


def test_a_drill_that_loses_nothing_passes_and_closes_its_journal(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    report = conduct(Breakage(shelf), context, quiet)
    assert report.passed, report.text()
    assert report.lost == []
    assert report.rpo_s == 0
    assert 0 < report.rto_s < 30
    assert report.acknowledged["things"] >= 10
    assert [step.result for step in report.steps] == ["done", "done"]
    with pytest.raises(JournalError, match="no drill is open"):
        Journal(context.home.path).load()


def test_what_is_lost_is_told_one_by_one(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    report = conduct(Breakage(shelf, steal=2), context, quiet)
    assert report.passed
    assert [(row.write.id, row.how) for row in report.lost] == [("t0", "missing"), ("t1", "missing")]
    assert report.rpo_s == report.failed_at - report.lost[0].write.at
    told = json.loads(report.json())
    assert [row["id"] for row in told["lost"]] == ["t0", "t1"]
    assert "things t0: missing, acknowledged" in report.text()


def test_a_missed_target_fails_the_drill(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    report = conduct(Breakage(shelf, target_s=0.0), context, quiet)
    assert not report.passed
    assert report.missed()[0].startswith("RTO ")
    assert json.loads(report.json())["passed"] is False


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('rm "$MARK"', "echo no tool; exit 3", "step 1, Mend: ended with status 3:\nno tool"),
        ("test ! -e", "test -e", "step 2, See: the check did not hold within 1 s"),
        ('rm "$MARK"', "sleep 60", "step 1, Mend: not done within 1 s"),
        ("stack output mark", "stack output marks", "no output 'marks'; there are: api_url, mark"),
        ("pulumi stack output mark", "pulumi up", "pulumi up: the sandbox answers 'stack output NAME'"),
    ],
    ids=["status", "check", "time", "output", "pulumi"],
)
def test_a_step_that_fails_is_told_with_what_it_printed(tmp_path: Path, old: str, new: str, told: str) -> None:
    context, shelf = place(tmp_path, PAGE.replace(old, new).replace("At most 5 s", "At most 1 s"))
    report = conduct(Breakage(shelf), context, quiet)
    assert not report.passed
    assert told in "\n".join(report.inconsistencies)
    assert json.loads(report.json())["rtoSeconds"] is None
    assert "never" in report.text()
    assert Journal(context.home.path).directory.joinpath("journal.json").is_file()


def test_an_interrupted_drill_is_continued_with_all_its_writes(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        conduct(Breakage(shelf, interrupt=True), context, quiet)
    written = len(shelf.things)
    again = Journal(context.home.path)
    again.load()
    context.journal = again
    kind = Breakage(shelf)
    assert kind.open(context) == ["the shelf may be broken"]
    with pytest.raises(JournalError, match=r"a drill of shelf was interrupted here; go on with .*--resume.*--mend"):
        conduct(kind, context, quiet)
    report = resume(kind, context, quiet)
    assert report.passed, report.text()
    assert report.acknowledged["things"] == len(shelf.things) > written


def test_an_interrupted_drill_can_be_undone(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        conduct(Breakage(shelf, interrupt=True), context, quiet)
    assert shelf.broken.exists()
    assert mend(Breakage(shelf), context) == []
    assert not shelf.broken.exists()
    assert conduct(Breakage(shelf), context, quiet).passed


def test_what_cannot_be_undone_is_told_and_the_drill_stays_open(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    report = conduct(Breakage(shelf, left=["a thing lies on the floor"]), context, quiet)
    assert not report.passed
    assert report.inconsistencies == ["a thing lies on the floor"]
    assert mend(Breakage(shelf, left=["a thing lies on the floor"]), context) == ["a thing lies on the floor"]


def test_a_platform_that_takes_no_write_before_the_failure_is_told(tmp_path: Path) -> None:
    context, shelf = place(tmp_path)
    broken = Shelf(tmp_path)  # the folder is always there
    report = conduct(Breakage(broken), context, quiet, patience_s=1)
    assert not report.passed
    assert "no things taken within 1 s; last answer: the shelf is broken" in report.inconsistencies
    assert shelf.things == {}
