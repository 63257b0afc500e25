"""Names, paths and commands in the documents exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "AGENTS.md", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").rglob("*.md")))]
BUILT = ("dist/", ".sandbox/", ".venv/")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_named_in_a_document_exist(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:[\w.-]+/)+[\w.*<>-]*)`", text)
    roots = {path.name for path in ROOT.iterdir()}
    missing = [
        name
        for name in named
        if name.split("/")[0] in roots
        and not name.startswith(BUILT)
        and not re.search(r"[<>*]", name)
        and not (ROOT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_named_in_a_document_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", (ROOT / document).read_text(encoding="utf-8")))
    assert named <= targets


def test_agents_page_is_short() -> None:
    assert (ROOT / "AGENTS.md").read_text(encoding="utf-8").count("\n") < 120


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_script_is_executable_and_parses() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o100
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda p: p.stem)
def test_a_decision_has_number_context_choice_and_consequences(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(r"\d{4}-[a-z0-9-]+$", page.stem)
    assert text.startswith(f"# {int(page.stem[:4])}. ")
    assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Consequences"))
    assert text.count("\n") < 60


def test_every_alarm_runbook_and_decision_number_is_unique() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))
