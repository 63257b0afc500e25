"""Tells at the end of a run how many requests were made from the document, and how long they took."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SENT = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def sent(request: pytest.FixtureRequest) -> Counter[str]:
    """Requests that were sent, by the first digit of what was answered."""
    return request.config.stash.setdefault(SENT, Counter())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line: requests, answers, seconds."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    place = FOLDER.relative_to(terminalreporter.config.rootpath).as_posix()
    mine = [report for report in reports if report.nodeid.startswith(place)]
    found = terminalreporter.config.stash.get(SENT, Counter())
    if mine:
        answers = ", ".join(f"{kind}xx {count}" for kind, count in sorted(found.items()))
        spent_s = sum(report.duration for report in mine)
        terminalreporter.write_line(
            f"from the document: {found.total()} requests ({answers}) in {len(mine)} tests and {spent_s:.0f} s"
        )
