"""A drill without a sandbox: a shelf that takes writes, breaks on demand, and a page that puts it back."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.drill.client import Channel, Client, RefusedError
from sandbox.drill.context import Context
from sandbox.drill.journal import Journal
from sandbox.drill.losses import Lost, Write
from sandbox.state import Home, State

PAGE = """# Put the shelf back

## Variables

```sh
MARK=$(pulumi stack output mark)
```

## Steps

### 1. Mend

```sh
DONE=yes
rm "$MARK"
```

At most 5 s.

### 2. See

Check:

```sh
test "$DONE" = yes && test ! -e "$MARK"
```

At most 5 s.
"""


@dataclass
class Shelf:
    """Takes writes as long as the file that breaks it is not there."""

    broken: Path
    name: str = "things"
    things: dict[str, str] = field(default_factory=dict)
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, number: int) -> tuple[str, str]:
        if self.broken.exists():
            raise RefusedError("the shelf is broken")
        with self._lock:
            identity = f"t{self.count}"
            self.count += 1
            self.things[identity] = str(number)
        return identity, str(number)

    def read(self, write: Write) -> str | None:
        return self.things.get(write.id)


@dataclass
class Breakage:
    """Breaks the shelf, and may take something from it for good."""

    shelf: Shelf
    steal: int = 0
    name: str = "shelf"
    runbook: str = "shelf"
    target_s: float = 30.0
    warm_s: float = 0.0
    notes: Sequence[str] = ("only a shelf",)
    left: Sequence[str] = ()
    interrupt: bool = False

    def fits(self, context: Context) -> bool:
        return True

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        return {}

    def channels(self, context: Context) -> list[Channel]:
        return [self.shelf]

    def prepare(self, context: Context, client: Client) -> None:
        context.journal.remember(prepared=True)

    def fail(self, context: Context) -> None:
        assert context.journal.memory["prepared"]
        context.journal.remember(touched=True)
        self.shelf.broken.touch()
        for identity in list(self.shelf.things)[: self.steal]:
            del self.shelf.things[identity]
        if self.interrupt:
            raise KeyboardInterrupt

    def given(self, context: Context) -> dict[str, str]:
        return {}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        return [] if len(lost) == self.steal else [f"{len(lost)} things are lost, not {self.steal}"]

    def mend(self, context: Context) -> list[str]:
        self.shelf.broken.unlink(missing_ok=True)
        return list(self.left)

    def open(self, context: Context) -> list[str]:
        return ["the shelf may be broken"] if context.journal.memory.get("touched") else []


def place(folder: Path, page: str = PAGE) -> tuple[Context, Shelf]:
    """A checkout with one runbook, and a shelf."""
    runbooks = folder / "docs" / "runbooks"
    shutil.rmtree(runbooks, ignore_errors=True)
    runbooks.mkdir(parents=True)
    (runbooks / "shelf.md").write_text(page, encoding="utf-8")
    home = Home(folder / "box")
    shelf = Shelf(folder / "broken")
    return Context(home, state(folder, mark=str(shelf.broken)), Journal(home.path), folder, rate=100), shelf


def state(folder: Path, **outputs: str) -> State:
    """The state of a sandbox that answers nowhere."""
    return State(
        stack="dev",
        api_url="http://127.0.0.1:9/api/v1",
        aws_endpoint="http://127.0.0.1:9",
        region="us-east-1",
        username="",
        password="",
        access_token="",
        id_token="",
        pid=0,
        directory=str(folder),
        outputs=dict(outputs),
    )
