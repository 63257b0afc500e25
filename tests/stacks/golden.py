"""The resources of each stack on record. Write them again with `python -m tests.stacks.golden`."""

from __future__ import annotations

from pathlib import Path

from tests.components.recorder import Recording
from tests.stacks.platform import STACKS, evaluated

FOLDER = Path(__file__).resolve().parent / "golden"


def path(stack: str) -> Path:
    """The record of one stack."""
    return FOLDER / f"{stack}.txt"


def lines(recording: Recording) -> list[str]:
    """One line a resource: its URN, sorted."""
    return sorted(resource.urn for resource in recording.resources)


def write() -> None:
    """Writes the record of every stack."""
    FOLDER.mkdir(exist_ok=True)
    for stack in STACKS:
        path(stack).write_text("\n".join(lines(evaluated(stack))) + "\n", encoding="utf-8")
        print(f"wrote {path(stack).name}")


if __name__ == "__main__":
    write()
