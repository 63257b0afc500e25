"""What goes wrong in a job, said so that whoever sent the data or started the job can mend it."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from training.watched.lines import line

MOST_SHOWN = 20
"""A report lists this many problems; a file of garbage has millions."""

MESSAGE_LIMIT = 1024
"""SageMaker keeps this many characters of a job's failure reason or exit message."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, what was found, what is allowed, what to do."""

    where: str
    found: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}; allowed: {self.allowed}; {self.remedy}"


class JobError(Exception):
    """A job cannot go on, for a reason that its caller can mend."""


class DataError(JobError):
    """The data cannot be used; holds every problem that was found, up to a limit."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) >= MOST_SHOWN:
            lines.append("reading stopped here, more problems may follow")
        super().__init__("\n".join(lines))


def run_job(name: str, job: Callable[[], None]) -> int:
    """Runs a job and answers its exit status: 0, or 1 after a clear message on standard error.

    The message also goes where SageMaker picks it up: `failure` for training, `message` for processing jobs.
    A defect of the code itself still ends in a traceback.
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        job()
    except JobError as error:
        return _fail(name, str(error))
    except MemoryError:
        return _fail(name, "not enough memory; choose a larger instance type or smaller data")
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        where = error.filename or "a file"
        return _fail(name, f"no space left while writing {where}; give the job a larger volume (VolumeSizeInGB)")
    return 0


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Names the file in an error of the disk, which Python leaves out when a write fails rather than an open."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # Spot capacity is taken back with SIGTERM and two minutes' notice. What is finished is on disk already.
    line("job", "stopped by SIGTERM; finished algorithms stay in the checkpoints and are not trained again", "WARNING")
    raise SystemExit(128 + signal.SIGTERM)


def _fail(name: str, message: str) -> int:
    line(name, f"{name} failed:\n{message}", "ERROR", out=sys.stderr)
    folder = Path(os.environ.get("SM_OUTPUT_DIR", "/opt/ml/output"))
    try:
        # Only a container has /opt/ml; that of a processing job may lack the folder for messages.
        if folder.parent.is_dir():
            folder.mkdir(exist_ok=True)
        for file in ("failure", "message") if folder.is_dir() else ():
            (folder / file).write_text(message[:MESSAGE_LIMIT], encoding="utf-8")
    except OSError as error:  # the disk may be what is full
        line(name, f"could not leave the message in {folder}: {error}", "ERROR", out=sys.stderr)
    return 1
