"""Records in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from functions.records.schemas import WholeRecord
from functions.shared.database.faults import StatementError, told
from functions.shared.database.queries import records, users
from functions.shared.database.queries.pages import Cursor, Filter, Order, Page
from functions.shared.database.session import Database, Row
from functions.shared.resources.lists import FURTHEST, Place

_OWNER = "records_owner_id_fkey"


class RecordStore:
    """The tables of records and their metadata."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, record_id: UUID, owner: UUID, payload: Mapping[str, Any], attributes: Mapping[str, Any]
    ) -> Row | None:
        """A new record; its owner is kept with the first one."""
        with told():
            try:
                return records.add(self._database, record_id, owner, payload, attributes)
            except StatementError as error:
                if error.constraint != _OWNER:
                    raise
            users.keep(self._database, owner)
            return records.add(self._database, record_id, owner, payload, attributes)

    def one(self, record_id: UUID, owner: UUID | None) -> Row | None:
        """A record of an owner, or of anybody."""
        with told():
            return records.one(self._database, record_id, owner)

    def listed(self, chosen: Filter, order: Order, place: Place) -> tuple[Page, int]:
        """A page, and how many there are, counted as far as pages by number reach."""
        mark = place.after
        after = None if mark is None else Cursor(datetime.fromisoformat(mark.moment), UUID(mark.id))
        with told():
            found = records.listed(
                self._database, chosen, limit=place.limit, order=order, after=after, offset=place.offset
            )
            return found, records.count(self._database, chosen, most=FURTHEST, order=order)

    def replace(self, record_id: UUID, version: int, whole: WholeRecord) -> Row | None:
        """Writes over a version; None when it is there no more."""
        with told():
            return records.replace(
                self._database,
                record_id,
                version,
                payload=whole.payload,
                attributes=whole.attributes,
                status=whole.status,
            )

    def remove(self, record_id: UUID, version: int) -> bool:
        """Deletes a version; whether it was there."""
        with told():
            return records.remove(self._database, record_id, version)
