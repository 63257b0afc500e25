"""Migrations as files: `sql/NNNN_name.sql`, numbered without a gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from functions.shared.tasks import WorkError

FOLDER = Path(__file__).with_name("sql")
_NAME = re.compile(r"(?P<version>\d{4})_[a-z0-9]+(_[a-z0-9]+)*\.sql")


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    """File name, such as `0001_users.sql`."""
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of its text."""
        return sha256(self.sql.encode()).hexdigest()


def read(folder: Path = FOLDER) -> Sequence[Migration]:
    """All migrations in order.

    Raises:
        WorkError: names every file that is not named as it must be, and every number that is missing or given twice.
    """
    problems: list[str] = []
    found: list[Migration] = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match is None:
            problems.append(f"{path.name} is no name of a migration; allowed: NNNN_name.sql of lower-case words")
            continue
        found.append(Migration(int(match["version"]), path.name, path.read_text(encoding="utf-8")))
    for place, migration in enumerate(found, 1):
        if migration.version != place:
            problems.append(f"{migration.name} stands where number {place:04} is due; number it {place:04}")
            break
    if problems:
        raise WorkError("; ".join(problems))
    return found
