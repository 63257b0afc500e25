"""Point-in-time recovery of DynamoDB: what each table held at any moment since it was made."""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from typing import Any

from sandbox.events.hooks import Hooks

NOTES = (
    "tables can be restored up to this moment, not up to five minutes ago, and are ready at once",
    "only tables with a stream can be restored to a point in time: their history is kept with it",
)
_PREFIX = "com.amazonaws.dynamodb.v20120810#"


class History:
    """Every item that a table was given, as text, in order.

    A transaction that fails puts a copy of its tables back, made before it began: copies share what is older.
    """

    def __init__(self, entries: list[tuple[float, str, str]] | None = None) -> None:
        self._entries = entries if entries is not None else []

    def __deepcopy__(self, memo: dict[int, Any]) -> History:
        """A history that goes on from here on its own; the entries never change, so they are not copied."""
        return History(list(self._entries))

    def note(self, at: float, key: str, image: str) -> None:
        """Keeps what an item became; an empty image means that it was deleted."""
        self._entries.append((at, key, image))

    def keys(self) -> set[str]:
        """Every key that the table ever had."""
        return {key for _, key, _ in self._entries}

    def at(self, moment: float) -> list[dict[str, Any]]:
        """The items that existed at a moment (seconds since the epoch), this moment included."""
        found: dict[str, str] = {}
        for at, key, image in self._entries:
            if at > moment:
                break
            found[key] = image
        return [json.loads(image) for image in found.values() if image]


def install(hooks: Hooks) -> None:
    """Makes moto keep each table's history, and restore from it."""
    from moto.dynamodb.models.table import StreamShard
    from moto.dynamodb.responses import DynamoHandler

    add = StreamShard.add

    def keep(shard: Any, old: Any, new: Any) -> None:
        _note(shard.table, old, new)
        add(shard, old, new)

    describe = DynamoHandler.describe_continuous_backups

    def window(handler: Any) -> Any:
        answer = describe(handler)
        description = answer.result["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if description.get("PointInTimeRecoveryStatus") == "ENABLED":
            description["LatestRestorableDateTime"] = time.time()
        return answer

    hooks.replace(StreamShard, "add", keep)
    hooks.replace(DynamoHandler, "describe_continuous_backups", window)
    hooks.replace(DynamoHandler, "restore_table_to_point_in_time", _restore)


def history(table: Any) -> History:
    """A table's history; it travels with the table when moto copies it."""
    kept: History = vars(table).setdefault("history", History())
    return kept


def _note(table: Any, old: Any, new: Any) -> None:
    attributes = (new if new is not None else old).to_json()["Attributes"]
    image = json.dumps(attributes) if new is not None else ""
    history(table).note(time.time(), _key(table, attributes), image)


def _key(table: Any, attributes: dict[str, Any]) -> str:
    return json.dumps([attributes[name] for name in table.table_key_attrs])


def _restore(handler: Any) -> Any:
    from moto.dynamodb.responses import DynamoResult

    body, backend = handler.body, handler.dynamodb_backend
    source = _source(backend, body)
    moment = _moment(source, body)
    _complete(source)
    if unsupported := {"GlobalSecondaryIndexOverride", "LocalSecondaryIndexOverride"} & set(body):
        raise _refused(
            "ValidationException", f"the sandbox restores all indexes of a table; leave out {', '.join(unsupported)}"
        )
    restored = backend.restore_table_to_point_in_time(body.get("TargetTableName"), source.name)
    restored.items.clear()
    for item in history(source).at(moment):
        restored.put_item(item)
    restored.billing_mode = body.get("BillingModeOverride") or source.billing_mode
    restored.sse_specification = body.get("SSESpecificationOverride") or source.sse_specification
    restored.restore_date_time = datetime.fromtimestamp(moment, timezone.utc)
    return DynamoResult(restored.describe())


def _source(backend: Any, body: dict[str, Any]) -> Any:
    from moto.dynamodb.exceptions import PointInTimeRecoveryUnavailable, SourceTableNotFoundException

    name = body.get("SourceTableName") or str(body.get("SourceTableArn", "")).rpartition("/")[2]
    if name not in backend.tables:
        raise SourceTableNotFoundException(name)
    table = backend.tables[name]
    if table.continuous_backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
        raise PointInTimeRecoveryUnavailable(name)
    return table


def _moment(table: Any, body: dict[str, Any]) -> float:
    """When to go back to, in seconds since the epoch."""
    now, wanted = time.time(), body.get("RestoreDateTime")
    if body.get("UseLatestRestorableTime"):
        if wanted is not None:
            raise _refused("ValidationException", "give RestoreDateTime or UseLatestRestorableTime, not both")
        return now
    if wanted is None:
        raise _refused("ValidationException", "give RestoreDateTime, or UseLatestRestorableTime")
    moment: float = wanted.replace(tzinfo=wanted.tzinfo or timezone.utc).timestamp()
    earliest = float(table.continuous_backups["PointInTimeRecoveryDescription"]["EarliestRestorableDateTime"])
    # Times are given to the second: the second in which recovery was switched on counts as after it.
    if not int(earliest) <= moment <= now:
        raise _refused(
            "InvalidRestoreTimeException",
            f"RestoreDateTime {moment:.0f} is not between {earliest:.0f} and {now:.0f}; describe-continuous-backups "
            "tells the earliest and the latest",
        )
    return moment


def _complete(table: Any) -> None:
    """Refuses a table whose items were partly written before its history began."""
    if table.stream_shard is None:
        raise _refused(
            "PointInTimeRecoveryUnavailableException",
            f"the sandbox keeps a table's history with its stream, and {table.name} has none; enable the stream",
        )
    known = history(table).keys()
    if any(_key(table, item.to_json()["Attributes"]) not in known for item in table.all_items()):
        raise _refused(
            "PointInTimeRecoveryUnavailableException",
            f"the stream of {table.name} was enabled after items had been written; their history is not known here",
        )


def _refused(code: str, text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(_PREFIX + code, text)
    return error
