"""The command line of drills: what cannot be done is told in a line, before anything is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.drill.command import KINDS
from sandbox.drill.journal import Journal, JournalError
from sandbox.drill.kinds import KINDS as BY_NAME
from sandbox.state import Owner, start_time


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            [],
            "say what fails: python -m sandbox drill az|database|fail-back|function|lake|region|table, or --resume, or",
        ),
        (["--resume", "--mend"], "--resume and --mend exclude each other; choose one"),
        (["--resume"], "no drill is open in"),
        (["--mend"], "no drill is open in"),
        (["function"], "no sandbox runs in"),
        (["table", "--json"], "no sandbox runs in"),
    ],
    ids=["nothing", "both", "resume", "mend", "function", "table"],
)
def test_what_cannot_be_done_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["drill", *words, "--directory", str(tmp_path / "box")]) == 1
    shown = capsys.readouterr()
    assert f"error: {told}" in shown.err
    assert shown.out == ""
    # Nothing was begun, so nothing is open.
    with pytest.raises(JournalError, match="no drill is open"):
        Journal(tmp_path / "box").load()


def test_an_open_drill_is_not_taken_for_another_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Journal(tmp_path).open("table")
    assert main(["drill", "function", "--resume", "--directory", str(tmp_path)]) == 1
    assert "the open drill is of 'table', not of 'function'; leave the kind out" in capsys.readouterr().err
    assert main(["drill", "function", "--directory", str(tmp_path)]) == 1
    assert "a drill of table was interrupted here" in capsys.readouterr().err


def test_a_damaged_journal_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path)
    journal.open("table")
    (journal.directory / "journal.json").write_text("{", encoding="utf-8")
    assert main(["drill", "--mend", "--directory", str(tmp_path)]) == 1
    assert "journal.json is damaged" in capsys.readouterr().err


def test_an_own_stack_that_has_ended_needs_no_mending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal(tmp_path)
    journal.open("region")
    journal.content["own"] = True
    journal.save()
    assert main(["drill", "--resume", "--directory", str(tmp_path)]) == 1
    assert "no sandbox runs in" in capsys.readouterr().err
    assert main(["drill", "--mend", "--directory", str(tmp_path)]) == 0
    assert "the drill of region is undone" in capsys.readouterr().out


@pytest.mark.parametrize(("word", "code"), [("--mend", 0), ("--resume", 1)])
def test_a_failure_ends_with_its_sandbox(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, code: int
) -> None:
    journal = Journal(tmp_path)
    journal.open("region")
    # The number may be taken again, but not by a process that began at the same time.
    journal.belongs(Owner(os.getpid(), "0"))
    assert main(["drill", word, "--directory", str(tmp_path)]) == code
    assert "the sandbox that a drill of region was interrupted in has ended" in capsys.readouterr().out
    with pytest.raises(JournalError, match="no drill is open"):
        journal.load()


def test_a_drill_begins_where_another_sandbox_left_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.open("region")
    journal.belongs(Owner(os.getpid(), start_time(os.getpid())))
    with pytest.raises(JournalError, match="a drill of region was interrupted here"):
        Journal(tmp_path).open("table")
    journal.belongs(Owner(os.getpid(), "0"))
    journal.open("table")
    assert (journal.kind, journal.over) == ("table", False)


def test_every_kind_of_the_command_line_exists() -> None:
    assert set(KINDS) == set(BY_NAME)
