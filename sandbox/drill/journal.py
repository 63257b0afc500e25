"""What a drill has done so far, written before each deed: an interrupted one can be continued or undone."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.state import Owner

PHASES = ("begun", "failing", "failed", "recovered")
"""begun: the client writes; failing: a part of the failure may be made; failed: all of it; recovered: the runbook has
ended."""


class JournalError(RuntimeError):
    """A drill is open, or none is; the text says what to do."""


class Journal:
    """The open drill of a sandbox's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "drill"
        self._path = self.directory / "journal.json"
        self.content: dict[str, Any] = {}

    @property
    def ledger(self) -> Path:
        """Where the client keeps its acknowledged writes."""
        return self.directory / "acknowledged.jsonl"

    def open(self, kind: str) -> None:
        """Begins a drill; JournalError when another one was not ended."""
        if self._path.is_file():
            self.load()
            if not self.over:
                raise JournalError(
                    f"a drill of {self.kind} was interrupted here; go on with `python -m sandbox drill --resume`, "
                    "or undo what it did with `python -m sandbox drill --mend`"
                )
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ledger.unlink(missing_ok=True)
        self.content = {"kind": kind, "phase": "begun", "began": time.time(), "steps": 0, "memory": {}}
        self.save()

    def load(self) -> None:
        """Reads the open drill; JournalError when there is none."""
        try:
            self.content = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise JournalError(f"no drill is open in {self.directory.parent}; begin one with a kind") from None
        except ValueError as error:
            raise JournalError(f"{self._path} is damaged ({error}); start the sandbox anew") from error

    def save(self) -> None:
        """Writes at once or not at all."""
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(self.content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def close(self) -> None:
        """The drill has ended and left nothing behind."""
        self._path.unlink(missing_ok=True)

    def belongs(self, owner: Owner) -> None:
        """Says which process runs the sandbox that the drill is about."""
        self.content["sandbox"] = asdict(owner)
        self.save()

    @property
    def over(self) -> bool:
        """Whether that process has ended, and what the drill had broken with it."""
        return "sandbox" in self.content and not Owner(**self.content["sandbox"]).alive()

    @property
    def kind(self) -> str:
        """What is drilled."""
        return str(self.content["kind"])

    @property
    def phase(self) -> str:
        """How far it came."""
        return str(self.content["phase"])

    @property
    def memory(self) -> dict[str, Any]:
        """What the kind must know to go on or to mend."""
        memory: dict[str, Any] = self.content["memory"]
        return memory

    def remember(self, **values: Any) -> None:
        """Keeps what a kind must know, before it acts on it."""
        self.memory.update(values)
        self.save()

    def enter(self, phase: str, **values: Any) -> None:
        """Moves on to another phase."""
        if phase not in PHASES:
            raise ValueError(f"phase {phase!r} is unknown; there are: {', '.join(PHASES)}")
        self.content.update(values, phase=phase)
        self.save()

    def step_done(self) -> None:
        """One more step of the runbook is done."""
        self.content["steps"] += 1
        self.save()
