"""Records in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from functions.records.logic import Listed
from functions.records.schemas import WholeRecord
from functions.shared.database.faults import StatementError, told
from functions.shared.database.queries import records, users
from functions.shared.database.queries.pages import Cursor, Filter, Order
from functions.shared.database.session import Database, Row
from functions.shared.resources.lists import FURTHEST, Mark, Place

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

    def listed(self, chosen: Filter, order: Order, place: Place) -> Listed:
        """A page, where the list began, and how many rows there are as far as pages by number reach."""
        asked = replace(chosen, start=cursor(place.start))
        with told():
            found = records.listed(
                self._database, asked, limit=place.limit, order=order, after=cursor(place.after), offset=place.offset
            )
            total = records.count(self._database, asked, most=FURTHEST, order=order)
            first = found.rows[:1]
            if place.offset and place.start is None:
                first = records.listed(self._database, asked, limit=1, order=order).rows
        return Listed(found, total, *(Cursor(row[order.column], row["id"]) for row in first))

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


def cursor(mark: Mark | None) -> Cursor | None:
    """A row that a caller named, as queries know it."""
    return None if mark is None else Cursor(datetime.fromisoformat(mark.moment), UUID(mark.id))
