"""Runbooks as drills read them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sandbox.drill.kinds import KINDS
from sandbox.drill.runbook import Runbook, RunbookError, Step, parse, read

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(path for path in (ROOT / "docs" / "runbooks").glob("*.md") if "\n## Steps\n" in path.read_text("utf-8"))

PAGE = """# Mend it

**When.** It is broken.

## Variables

```sh
NAME=${NAME:-thing}
```

## Steps

### 1. Look

By eye.

### 2. Repair

```sh
FOUND=$(echo "$NAME")
```

Some words.

```sh
echo "$FOUND"
```

Check:

```sh
test -n "$FOUND"
```

At most 5 min. More words.

### 3. Wait

Check:

```sh
true
```

At most 2 h.

## Afterwards

```text
not a step
```
"""


def test_a_page_is_read_step_by_step() -> None:
    assert parse("mend", PAGE) == Runbook(
        "mend",
        "Mend it",
        "NAME=${NAME:-thing}\n",
        (
            Step("Look", "", "", 0.0),
            Step("Repair", 'FOUND=$(echo "$NAME")\necho "$FOUND"\n', 'test -n "$FOUND"\n', 300.0),
            Step("Wait", "", "true\n", 7200.0),
        ),
    )


def test_only_a_step_without_blocks_is_done_by_hand() -> None:
    assert [step.by_hand for step in parse("mend", PAGE).steps] == [True, False, False]


def test_variables_of_all_blocks_live_on() -> None:
    assert parse("mend", PAGE).assigned() == ["NAME", "FOUND"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# Mend it", "Mend it", "the first line is 'Mend it'"),
        ("## Steps", "## Stages", "has no steps"),
        ("At most 5 min.", "Soon.", "step 'Repair' has no time limit"),
        ('```sh\ntest -n "$FOUND"\n```\n', "", "'Check:' is followed by no block"),
        ("```sh\nFOUND", "```python\nFOUND", "a block is in 'python'"),
        ("```sh\nFOUND", "```\nFOUND", "a block is in 'no language'"),
        ("true\n```", "true", "a block is not closed"),
        ("NAME=${NAME:-thing}\n```", "NAME=1\n```\n\n```sh\nOTHER=2\n```", "'Variables' has 2 blocks"),
    ],
    ids=["title", "steps", "limit", "check", "language", "plain", "open", "variables"],
)
def test_a_page_that_cannot_be_followed_is_told(old: str, new: str, told: str) -> None:
    assert old in PAGE
    with pytest.raises(RunbookError, match=re.escape(told)):
        parse("mend", PAGE.replace(old, new, 1))


def test_a_missing_page_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match=r"mend\.md is missing"):
        read(tmp_path / "mend.md")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_with_steps_can_be_followed(path: Path) -> None:
    page = read(path)
    for block in [page.variables, *(part for step in page.steps for part in (step.command, step.check))]:
        checked = subprocess.run(["/bin/bash", "-n", "-c", block], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_page_says_when_who_and_how_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert all(f"**{part}.**" in text for part in ("When", "Who decides", "How long"))


def test_every_kind_has_a_page() -> None:
    assert {kind.runbook for kind in KINDS.values()} <= {path.stem for path in PAGES}
