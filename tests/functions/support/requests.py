"""What keeps answers by Idempotency-Key, in this process; it keeps the contract of the real table."""

from __future__ import annotations

from functions.shared.door.idempotency import Record
from functions.shared.errors import ApiError


class KeptRequests:
    """Records by name, with the second at which each ends."""

    def __init__(self) -> None:
        self.items: dict[str, tuple[Record, int]] = {}
        self.down = False
        """Whether nothing can be read or written."""

    def begin(self, name: str, record: Record, now: int, ends: int) -> Record | None:
        self._reach()
        known = self.items.get(name)
        if known is not None and known[1] > now:
            return known[0]
        self.items[name] = record, ends
        return None

    def take_over(self, name: str, before: Record, owner: str, until: int) -> bool:
        self._reach()
        known, ends = self.items[name]
        if known.owner != before.owner:
            return False
        self.items[name] = Record(known.digest, known.made_id, owner, until), ends
        return True

    def finish(self, name: str, record: Record) -> None:
        self._reach()
        known, ends = self.items[name]
        if known.owner != record.owner:
            raise ApiError("unavailable", why="requests table: claimed by another")
        self.items[name] = record, ends

    def _reach(self) -> None:
        if self.down:
            raise ApiError("unavailable", why="requests table: down")
