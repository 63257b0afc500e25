"""The resources and inputs of each stack on record. Write them again with `python -m tests.stacks.golden`."""

from __future__ import annotations

from pathlib import Path

from tests.components.recorder import Recording
from tests.stacks import snapshot
from tests.stacks.platform import STACKS, evaluated, shared

FOLDER = Path(__file__).resolve().parent / "golden"


def path(stack: str) -> Path:
    """The record of one stack's resources."""
    return FOLDER / f"{stack}.txt"


def inputs_path(stack: str) -> Path:
    """The record of all their inputs."""
    return FOLDER / f"{stack}.inputs.txt"


def lines(recording: Recording) -> list[str]:
    """One line a resource: its URN, sorted."""
    return sorted(resource.urn for resource in recording.resources)


def inputs(recording: Recording) -> list[str]:
    """One line an input, below a heading for each resource."""
    return snapshot.lines(recording, str(shared()))


def write() -> None:
    """Writes the records of every stack."""
    FOLDER.mkdir(exist_ok=True)
    for stack in STACKS:
        recording = evaluated(stack)
        for target, content in ((path(stack), lines(recording)), (inputs_path(stack), inputs(recording))):
            target.write_text("\n".join(content) + "\n", encoding="utf-8")
            print(f"wrote {target.name}")


if __name__ == "__main__":
    write()
