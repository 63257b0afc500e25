"""What operations need of a database, and nothing of the driver behind it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = dict[str, Any]
"""Column → value: UUID, datetime with its zone, int, float, str, and what JSON holds."""


class Session(Protocol):
    """Runs statements; `:name` in a statement stands for the value of that name."""

    def run(self, sql: str, **values: Any) -> list[Row]:
        """The rows of one statement; a statement without values may be a script of several."""
        ...


class Database(Session, Protocol):
    """A database whose single statements are transactions of their own."""

    def transaction(self, *, always: bool = False) -> AbstractContextManager[Session]:
        """Statements that are kept together, or not at all when an exception leaves the block.

        Args:
            always: whether they may write also where the role only reads until another region's rows are here.
        """
        ...
