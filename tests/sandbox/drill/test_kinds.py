"""What the kinds of drills judge: the verdicts on losses, from what a client kept and a region has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.control.server import ControlServer
from sandbox.drill.channels.pages import Pages
from sandbox.drill.client import RefusedError
from sandbox.drill.kinds.fail_back import Returning
from sandbox.drill.losses import Write

WRITE = Write("pages", "drill/a.txt", "page 1", 1.0)


class Kept:
    """A channel that remembers."""

    name = "pages"

    def __init__(self) -> None:
        self.things: dict[str, str] = {}

    def write(self, number: int) -> tuple[str, str]:
        self.things[str(number)] = f"page {number}"
        return str(number), self.things[str(number)]

    def read(self, write: Write) -> str | None:
        return self.things.get(write.id)


@pytest.fixture
def settled(tmp_path: Path) -> Iterator[list[bool]]:
    """What the sandbox answers when it is asked to settle, the last for ever; and the asking."""
    answers = [True]

    def settle(timeout_s: float) -> bool:
        assert timeout_s > 0
        return answers.pop(0) if len(answers) > 1 else answers[0]

    server = ControlServer(tmp_path, {"settle": settle})
    yield answers
    server.close()


def test_writes_are_looked_for_in_the_first_region_once_both_are_equal(tmp_path: Path, settled: list[bool]) -> None:
    there, here = Kept(), Kept()
    channel = Returning(there, here, Control(tmp_path))
    identity, value = channel.write(7)
    settled[:] = [False, True]
    with pytest.raises(RefusedError, match="the regions are not equal after 20 s"):
        channel.read(Write("pages", identity, value, 1.0))
    assert channel.read(Write("pages", identity, value, 1.0)) is None
    here.things = dict(there.things)
    assert channel.read(Write("pages", identity, value, 1.0)) == value


def test_a_page_that_nobody_answers_for_is_no_lost_page() -> None:
    def nothing() -> Any:
        raise AssertionError("reading asks the site alone")

    pages = Pages(nothing, lambda: "bucket", "http://127.0.0.1:9")
    with pytest.raises(RefusedError, match="failed: "):
        pages.read(WRITE)
