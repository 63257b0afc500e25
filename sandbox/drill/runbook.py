"""A runbook as a drill reads it: the variables, and steps of command, check and time limit, all from its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^### \d+\. (?P<title>.+)$", re.MULTILINE)
_LIMIT = re.compile(r"^At most (?P<count>\d+) (?P<unit>s|min|h)\b", re.MULTILINE)
_CHECK = re.compile(r"^Check:", re.MULTILINE)
_ASSIGNED = re.compile(r"^\s*(?:export )?(?P<name>[A-Z][A-Z0-9_]*)=", re.MULTILINE)
_UNITS = {"s": 1, "min": 60, "h": 3600}


class RunbookError(ValueError):
    """A page cannot be read as a runbook; the text says where and what is expected."""


@dataclass(frozen=True)
class Step:
    """One step of a runbook."""

    title: str
    command: str
    """Shell commands; empty for what a person does, or for what AWS does by itself."""
    check: str
    """Shell commands that end with 0 once the step is done; empty when the command's own end tells."""
    limit_s: float
    """How long the command and its check may take together."""

    @property
    def by_hand(self) -> bool:
        """Whether there is nothing that a machine could run."""
        return not self.command and not self.check


@dataclass(frozen=True)
class Runbook:
    """A page of docs/runbooks with steps."""

    name: str
    title: str
    variables: str
    """Shell commands that set what the steps use; run before the first of them."""
    steps: tuple[Step, ...]

    def assigned(self) -> list[str]:
        """Every shell variable that the page sets, in order; they live on from step to step."""
        blocks = [self.variables, *(block for step in self.steps for block in (step.command, step.check))]
        return list(dict.fromkeys(found["name"] for block in blocks for found in _ASSIGNED.finditer(block)))


def read(path: Path) -> Runbook:
    """Reads a page; RunbookError when it has no steps or one of them is incomplete."""
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunbookError(f"{path} is missing; run from a complete checkout") from None


def parse(name: str, text: str) -> Runbook:
    """Reads the text of a page."""
    title = text.partition("\n")[0]
    if not title.startswith("# "):
        raise RunbookError(f"{name}.md: the first line is {title!r}; it must be the title, '# …'")
    variables = [body for _, body in _blocks(name, "Variables", _section(text, "Variables"))]
    if len(variables) > 1:
        raise RunbookError(f"{name}.md: 'Variables' has {len(variables)} blocks; put all variables in one")
    steps = _steps(name, _section(text, "Steps"))
    if not steps:
        raise RunbookError(f"{name}.md has no steps; write each below '## Steps' as '### 1. Title'")
    return Runbook(name, title[2:].strip(), "".join(variables), steps)


def _section(text: str, heading: str) -> str:
    """What stands below a heading of the second level; empty when there is none."""
    found = re.search(rf"^## {heading}$(?P<body>.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found["body"] if found else ""


def _steps(name: str, section: str) -> tuple[Step, ...]:
    heads = list(_STEP.finditer(section))
    ends = [*(head.start() for head in heads[1:]), len(section)][: len(heads)]
    return tuple(
        _step(name, head["title"].strip(), section[head.end() : end]) for head, end in zip(heads, ends, strict=True)
    )


def _step(name: str, title: str, text: str) -> Step:
    """Blocks before the line `Check:` are the command, those after it the check."""
    where = f"{name}.md, step {title!r}"
    mark = _CHECK.search(text)
    border = mark.start() if mark else len(text)
    blocks = _blocks(name, f"step {title!r}", text)
    command = "".join(body for start, body in blocks if start < border)
    check = "".join(body for start, body in blocks if start >= border)
    if mark and not check:
        raise RunbookError(f"{where}: 'Check:' is followed by no block; give the commands that tell, in ```sh")
    limit = _LIMIT.search(text)
    if blocks and limit is None:
        raise RunbookError(f"{where} has no time limit; add a line such as 'At most 5 min.'")
    return Step(title, command, check, float(limit["count"]) * _UNITS[limit["unit"]] if limit else 0.0)


def _blocks(name: str, place: str, text: str) -> list[tuple[int, str]]:
    """Every fenced block with its position; only `sh` can be run."""
    found = list(_FENCE.finditer(text))
    if text.count("\n```") != 2 * len(found):
        raise RunbookError(f"{name}.md, {place}: a block is not closed; end it with ``` at the start of a line")
    wrong = [block["language"] for block in found if block["language"] != "sh"]
    if wrong:
        raise RunbookError(f"{name}.md, {place}: a block is in {wrong[0] or 'no language'!r}; only ```sh can be run")
    return [(block.start(), block["body"]) for block in found]
