"""The resources of a stack, of this checkout or of another commit, as the local engine evaluates the program."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from policies.resources import Resource, Stack, node_of

ROOT = Path(__file__).resolve().parents[2]


class EvaluationError(RuntimeError):
    """The program could not be evaluated; the text says why."""


class Evaluation:
    """A program that is being evaluated in a process of its own: two of them take the time of one."""

    def __init__(self, stack: str, root: Path = ROOT) -> None:
        self._stack = stack
        # The engine is this checkout's, whatever the program's age.
        command = [sys.executable, "-m", "sandbox.declared", "--stack", stack, "--root", str(root)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def stack(self) -> Stack:
        """Its resources, when it has ended.

        Raises:
            EvaluationError: it failed.
        """
        output, errors = self._process.communicate()
        if self._process.returncode:
            lines = errors.strip().splitlines() or ["it said nothing"]
            raise EvaluationError(f"stack {self._stack!r}: {lines[-1].removeprefix('error: ')}")
        return stack_of(SimpleNamespace(**row) for row in json.loads(output)["resources"])


def stack_of(resources: Iterable[Resource]) -> Stack:
    """The resources of a ledger, components too: they tell what a resource belongs to."""
    return Stack(node_of(resource) for resource in resources)


def stacks(root: Path = ROOT) -> list[str]:
    """Names of the stacks that have a file."""
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))


@contextmanager
def checkout(commit: str, root: Path = ROOT) -> Iterator[Path]:
    """The files of another commit in a folder that is gone afterwards; the working tree stays as it is.

    Raises:
        EvaluationError: there is no such commit.
    """
    git = shutil.which("git")
    if git is None:
        raise EvaluationError("git is not installed; allowed for --against: the name of a stack")
    archive = subprocess.run([git, "archive", commit], cwd=root, capture_output=True, check=False)
    if archive.returncode:
        raise EvaluationError(
            f"against is {commit!r}; allowed: {', '.join(stacks(root))}, or a commit such as HEAD~1; "
            + archive.stderr.decode().strip()
        )
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
        yield Path(folder)
