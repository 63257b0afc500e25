"""The database's part in the loss of a region: a copy before it, its rows back from the copy, and all as it was."""

from __future__ import annotations

import calendar
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.drill.channels import Rows
from sandbox.drill.channels.rows import cluster
from sandbox.drill.client import Client, RefusedError
from sandbox.drill.context import Context
from sandbox.drill.losses import Lost

COPIED_S = 60.0
LEAST = 5
"""Rows that must be in the copy, and that must be written after it: else nothing would be shown."""
PAUSE_S = 0.1


def has_database(context: Context) -> bool:
    """Whether the stack has one."""
    try:
        return bool(cluster(context))
    except RefusedError:
        return False


def copy(context: Context, client: Client) -> str:
    """Has the database copied now, as the clock would within twenty minutes; gives the copy's name.

    Raises:
        RuntimeError: there is no copy after a minute.
    """
    functions, deadline, told = context.client("lambda"), time.monotonic() + COPIED_S, ""
    while time.monotonic() < deadline:
        answer = functions.invoke(FunctionName=f"{context.prefix}-snapshots:live", Payload=b"{}")
        told = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            break
        if name := str(json.loads(told)["version"]):
            _more(client, deadline)
            return name
        time.sleep(PAUSE_S)
    raise RuntimeError(f"the database was not copied to the other region: {told[:300]}")


def judge(client: Client, lost: Sequence[Lost], copied: str, failed_at: float) -> list[str]:
    """What of the rows is not as a copy of one moment leaves them: all before it there, all after it gone."""
    # Copies are named by the moment that they were asked for.
    taken = calendar.timegm(time.strptime(copied[-14:], "%Y%m%d%H%M%S"))
    gone = {row.write.id: row.write.at for row in lost}
    before = [write for write in client.of(Rows.name) if write.at <= failed_at]
    found = [
        f"row {write.id} is lost, although the copy {copied} was taken after it"
        for write in before
        if write.id in gone and write.at < taken
    ]
    first = min((at for at in gone.values() if at <= failed_at), default=failed_at)
    found += [
        f"row {write.id} is there, although older ones are lost"
        for write in before
        if write.id not in gone and write.at > first
    ]
    found += [f"row {name} was taken after the failure and is lost" for name, at in gone.items() if at > failed_at]
    return found


def give_back(rds: Any, name: str) -> None:
    """Turns a proxy back to the cluster of the program, and removes the restored one."""
    targets = rds.describe_db_proxy_targets(DBProxyName=name)["Targets"]
    wrong = [row["RdsResourceId"] for row in targets if row["RdsResourceId"] != name]
    if wrong:
        rds.deregister_db_proxy_targets(DBProxyName=name, DBClusterIdentifiers=wrong)
    if wrong or not targets:
        rds.register_db_proxy_targets(DBProxyName=name, DBClusterIdentifiers=[name])
    restored = f"{name}-restored"
    known = {row["DBClusterIdentifier"] for row in rds.describe_db_clusters()["DBClusters"]}
    if restored in known:
        for row in rds.describe_db_instances()["DBInstances"]:
            if row.get("DBClusterIdentifier") == restored:
                rds.delete_db_instance(DBInstanceIdentifier=row["DBInstanceIdentifier"], SkipFinalSnapshot=True)
        rds.modify_db_cluster(DBClusterIdentifier=restored, DeletionProtection=False)
        rds.delete_db_cluster(DBClusterIdentifier=restored, SkipFinalSnapshot=True)


def cleared(name: str, rows: Callable[[], None]) -> list[str]:
    """Removes the drill's rows of a cluster; what is left, in words."""
    try:
        rows()
    except RefusedError as error:
        return [f"the drill's rows are left in {name}: {error}"]
    return []


def _more(client: Client, deadline: float) -> None:
    """Waits until rows were written after the copy."""
    known = len(client.of(Rows.name))
    while len(client.of(Rows.name)) < known + LEAST and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
