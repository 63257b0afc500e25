"""Global tables: a replica in each further region, every change carried over by the stream, the last writer wins."""

from __future__ import annotations

import copy
import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.events.hooks import Hooks
from sandbox.replication.acknowledged import Acknowledged
from sandbox.replication.lanes import CopyError, Lanes, Now, Write

LABEL = "2000-01-01T00:00:00.000"
"""Label of every stream here: two runs of a program declare the same ledger."""

_Stamp = tuple[float, int]
"""When an item was last changed, and a number that grows with each change; the greater one wins."""


@dataclass(frozen=True)
class _Change:
    """One change of one item, as it was when it was made."""

    key: str
    stamp: _Stamp
    new: Any
    old: Any


class Tables:
    """The DynamoDB part of the replication."""

    def __init__(self, account: str, lanes: Lanes, acknowledged: Acknowledged, lock: Any, now: Now) -> None:
        self._account = account
        self._lanes = lanes
        self._acknowledged = acknowledged
        self._now = now
        self._lock = lock
        """The cloud's lock for writes to tables."""
        self._groups: dict[str, dict[str, dict[str, Any]]] = {}
        """Table name → region → what was declared of the replica; a region that was first has {}."""
        self._stamps: dict[tuple[str, str], dict[str, _Stamp]] = {}
        self._numbers = itertools.count(1)
        self._copying = threading.local()

    def install(self, hooks: Hooks) -> None:
        """Gives DynamoDB its replicas, and hears of every change to a table that has some."""
        from moto.dynamodb.models import DynamoDBBackend
        from moto.dynamodb.models.table import StreamShard, Table
        from moto.dynamodb.responses import DynamoHandler

        add, describe, update = StreamShard.add, Table.describe, DynamoHandler.update_table
        delete = DynamoDBBackend.delete_table

        def add_change(shard: Any, old: Any, new: Any) -> None:
            self._changed(shard.table, old, new)
            add(shard, old, new)

        def describe_replicated(table: Any, base_key: str = "TableDescription") -> dict[str, Any]:
            found: dict[str, Any] = describe(table, base_key)
            replicas = self._described(table)
            if replicas:
                found[base_key] |= {"Replicas": replicas, "GlobalTableVersion": "2019.11.21"}
            return found

        def update_table(handler: Any) -> Any:
            changes = handler.body.get("ReplicaUpdates") or []
            if changes:
                self.update(handler.region, str(handler.body["TableName"]), changes)
            return update(handler)

        def delete_table(backend: Any, name: str) -> Any:
            gone = delete(backend, name)
            self._leave(gone.name, gone.region_name)
            return gone

        hooks.replace(DynamoDBBackend, "delete_table", delete_table)
        hooks.replace(StreamShard, "add", add_change)
        hooks.replace(Table, "describe", describe_replicated)
        hooks.replace(DynamoHandler, "update_table", update_table)

    def update(self, region: str, given: str, changes: list[Mapping[str, Any]]) -> None:
        """Adds, changes and removes replicas as UpdateTable's ReplicaUpdates ask for it."""
        name = given.rpartition("/")[2]
        table = _tables(self._account, region).get_table(name)
        for change in changes:
            (kind, declared), *_ = change.items()
            target = str(declared["RegionName"])
            if kind == "Create":
                self._create(table, target, dict(declared))
            elif kind == "Update":
                self._groups.get(name, {}).get(target, {}).update(declared)
            else:
                self._remove(table, target)

    def regions(self, name: str) -> list[str]:
        """The regions of a table; empty when it has no replica."""
        return list(self._groups.get(name, ()))

    def _create(self, table: Any, target: str, declared: dict[str, Any]) -> None:
        backend, group = _tables(self._account, target), self._groups.setdefault(table.name, {table.region_name: {}})
        if target in group:
            raise _refusal(f"Replica already exists in region {target}: {table.name}")
        view = (table.stream_specification or {}).get("StreamViewType")
        if view != "NEW_AND_OLD_IMAGES":
            raise _refusal(f"Table {table.name} needs a stream of NEW_AND_OLD_IMAGES to get replicas; it has {view}")
        if table.name in backend.tables:
            raise _refusal(f"Table {table.name} exists in region {target} already")
        backend.create_table(
            table.name,
            schema=copy.deepcopy(table.schema),
            throughput=copy.deepcopy(table.throughput) if table.billing_mode == "PROVISIONED" else None,
            attr=copy.deepcopy(table.attr),
            global_indexes=[_index(index) for index in table.global_indexes],
            indexes=[_index(index) for index in table.indexes],
            streams=dict(table.stream_specification),
            billing_mode=table.billing_mode,
            sse_specification=_encryption(table, declared.get("KMSMasterKeyId")),
            tags=[],
            deletion_protection_enabled=bool(declared.get("DeletionProtectionEnabled")),
            warm_throughput=None,
        )
        made = backend.tables[table.name]
        made.ttl, made.latest_stream_label = dict(table.ttl), LABEL
        group[target] = declared
        # What the table holds already is brought over as well, unlike in S3.
        with self._lock:
            for item in list(table.all_items()):
                self._add(table, target, _Change(_key(table, item), self._stamp(), item, None))

    def _remove(self, table: Any, target: str) -> None:
        group = self._groups.get(table.name, {})
        if target not in group or target == table.region_name:
            raise _refusal(f"Replica not found in region {target}: {table.name}")
        _tables(self._account, target).delete_table(table.name)

    def _leave(self, name: str, region: str) -> None:
        """A table that is deleted, in whichever way, belongs to its group no more; one alone is no group."""
        self._stamps.pop((name, region), None)
        group = self._groups.get(name, {})
        group.pop(region, None)
        if len(group) < 2:
            self._groups.pop(name, None)

    def _changed(self, table: Any, old: Any, new: Any) -> None:
        if table.name not in self._groups or getattr(self._copying, "now", False):
            return
        # The item may be changed in place by the next request.
        kept, stamp = copy.deepcopy(new), self._stamp()
        self._acknowledged.offer(object(), lambda: self._tell(table, old, kept, stamp))

    def _stamp(self) -> _Stamp:
        return self._now(), next(self._numbers)

    def _tell(self, table: Any, old: Any, new: Any, stamp: _Stamp) -> None:
        change = _Change(_key(table, new if new is not None else old), stamp, new, old)
        self._stamps.setdefault((table.name, table.region_name), {})[change.key] = stamp
        for target in self.regions(table.name):
            if target != table.region_name:
                self._add(table, target, change)

    def _add(self, table: Any, target: str, change: _Change) -> None:
        self._lanes.add(
            Write(
                kind="dynamodb",
                source=table.region_name,
                target=target,
                name=table.name,
                key=change.key,
                operation="put" if change.new is not None else "delete",
                written=change.stamp[0],
                copy=lambda: self._copy(table.name, target, change),
                dimensions={"TableName": table.name, "ReceivingRegion": target},
            )
        )

    def _copy(self, name: str, target: str, change: _Change) -> bool:
        found = _tables(self._account, target).tables.get(name)
        if found is None:
            raise CopyError(f"table {name!r} does not exist in {target}; add the replica again")
        # Writes to tables take this lock too: a transaction that fails there puts a copy of the table back.
        with self._lock:
            stamps = self._stamps.setdefault((name, target), {})
            if stamps.get(change.key, (0.0, 0)) >= change.stamp:
                return False
            stamps[change.key] = change.stamp
            self._copying.now = True
            try:
                table = _tables(self._account, target).get_table(name)
                if change.new is None:
                    table.delete_item(change.old.hash_key, change.old.range_key)
                else:
                    table.put_item(change.new.to_json()["Attributes"], overwrite=True)
            finally:
                self._copying.now = False
        return True

    def _described(self, table: Any) -> list[dict[str, Any]]:
        rows = []
        for region, declared in self._groups.get(table.name, {}).items():
            if region != table.region_name:
                key = declared.get("KMSMasterKeyId")
                row = {"RegionName": region, "ReplicaStatus": "ACTIVE"}
                rows.append({**row, "KMSMasterKeyId": key} if key else row)
        return rows


def _tables(account: str, region: str) -> Any:
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[account][region]


def _key(table: Any, item: Any) -> str:
    """The item's primary key as one text, the same for equal keys."""
    parts = {table.hash_key_attr: item.hash_key.to_json()}
    if item.range_key is not None:
        parts[table.range_key_attr] = item.range_key.to_json()
    return json.dumps(parts, default=str)


def _index(index: Any) -> dict[str, Any]:
    described = copy.deepcopy(index.describe())
    return {name: described[name] for name in ("IndexName", "KeySchema", "Projection")}


def _encryption(table: Any, key: str | None) -> dict[str, Any] | None:
    if not table.sse_specification:
        return None
    owned = {"KMSMasterKeyId": key} if key else {}
    return {"Enabled": True, "SSEType": "KMS", **owned}


def _refusal(text: str) -> Exception:
    from moto.dynamodb.exceptions import MockValidationException

    error: Exception = MockValidationException(text)
    return error
