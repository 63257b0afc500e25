"""Replicas of secrets: versions and stages of the primary, carried over after each change; promoted when asked."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

from sandbox.events.hooks import Hooks
from sandbox.replication.acknowledged import Acknowledged
from sandbox.replication.lanes import Lanes, Now, Write

CHANGES = (
    "put_secret_value",
    "update_secret",
    "update_secret_version_stage",
    "rotate_secret",
    "tag_resource",
    "untag_resource",
)
"""moto's operations that change what a replica holds."""


class Secrets:
    """The Secrets Manager part of the replication."""

    def __init__(self, account: str, lanes: Lanes, acknowledged: Acknowledged, now: Now) -> None:
        self._account = account
        self._lanes = lanes
        self._acknowledged = acknowledged
        self._now = now

    def install(self, hooks: Hooks) -> None:
        """Lets replicas hold their own copies, which moto's do not, and adds StopReplicationToReplica."""
        from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
        from moto.secretsmanager.responses import SecretsManagerResponse

        kind = _replica_class()
        create = FakeSecret.create_replicas

        def create_replicas(secret: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> list[Any]:
            asked = {row["Region"]: row.get("KmsKeyId") for row in replica_regions}
            made = create(secret, replica_regions, force_overwrite)
            return [self._own(kind, secret, replica, asked.get(replica.region)) for replica in made]

        hooks.replace(FakeSecret, "create_replicas", create_replicas)
        for name in CHANGES:
            hooks.replace(SecretsManagerBackend, name, self._then_copied(getattr(SecretsManagerBackend, name)))
        hooks.add(SecretsManagerResponse, "stop_replication_to_replica", _stop_replication_to_replica)

    def _own(self, kind: type[Any], secret: Any, replica: Any, key: str | None) -> Any:
        """Moto's replica, which shows its primary, replaced by one that holds a copy."""
        if not replica.has_replica:
            return replica
        own = kind(secret, replica.region)
        if key:
            own.config["KmsKeyId"] = key
        own.take(_state(secret))
        dict.__setitem__(_secrets(self._account, replica.region).secrets, own.arn, own)
        return own

    def _then_copied(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(backend: Any, *rest: Any, **options: Any) -> Any:
            result = change(backend, *rest, **options)
            # moto calls these by position or by keyword, and the keyword differs.
            identity = rest[0] if rest else options.get("secret_id") or options["arn"]
            secret = backend.secrets.get(identity)
            if getattr(secret, "replicas", None):
                moment = self._now()
                self._acknowledged.offer(object(), lambda: self._tell(secret, moment))
            return result

        return changed

    def _tell(self, secret: Any, moment: float) -> None:
        state = _state(secret)
        for replica in secret.replicas:
            if replica.has_replica:
                replica.config["Status"] = "InProgress"
                self._lanes.add(self._write(secret, replica, state, moment))

    def _write(self, secret: Any, replica: Any, state: dict[str, Any], moment: float) -> Write:
        def take() -> bool:
            if replica not in secret.replicas:
                return False  # it was removed, or stands on its own now
            replica.take(state)
            return True

        return Write(
            kind="secretsmanager",
            source=secret.region,
            target=replica.region,
            name=secret.name,
            key=str(state["default_version_id"]),
            operation="put",
            written=moment,
            copy=take,
        )


def _secrets(account: str, region: str) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[account][region]


def _state(secret: Any) -> dict[str, Any]:
    """What a replica holds of its primary."""
    names = ("versions", "default_version_id", "description", "tags")
    return {name: copy.deepcopy(getattr(secret, name)) for name in names}


def _replica_class() -> type[Any]:
    """A replica with a state of its own; moto tells replicas by their class and lets nobody write to them."""
    from moto.secretsmanager.models import ReplicaSecret

    def take(self: Any, state: dict[str, Any]) -> None:
        for name, value in copy.deepcopy(state).items():
            setattr(self, name, value)
        self.config.update(Status="InSync", StatusMessage="Replication succeeded")

    def to_dict(self: Any) -> dict[str, Any]:
        stages = {name: version["version_stages"] for name, version in self.versions.items()}
        known = {"VersionIdsToStages": stages, "SecretVersionsToStages": stages} if stages else {}
        found: dict[str, Any] = {**ReplicaSecret.to_dict(self), **known, "Description": self.description or ""}
        found.pop("ReplicationStatus", None)
        return found

    # The plain values take the place of properties that look into the primary.
    held = dict.fromkeys(("versions", "default_version_id", "description", "tags"))
    return type("Copy", (ReplicaSecret,), {"take": take, "to_dict": to_dict, **held})


def _stop_replication_to_replica(response: Any) -> str:
    """Promotes the replica of the region that is asked: from here on it is a secret like any other."""
    from moto.secretsmanager.exceptions import InvalidParameterException, SecretNotFoundException
    from moto.secretsmanager.models import FakeSecret, ReplicaSecret

    backend, identity = response.backend, json.loads(response.body)["SecretId"]
    replica = backend.secrets.get(identity)
    if replica is None:
        raise SecretNotFoundException
    if not isinstance(replica, ReplicaSecret):
        raise InvalidParameterException(f"The secret {identity} is no replica in {backend.region_name}.")
    secret = FakeSecret(
        account_id=backend.account_id,
        region_name=backend.region_name,
        secret_id=replica.name,
        secret_version={},
        version_id="",
        description=replica.description,
        tags=replica.tags,
        kms_key_id=replica.config["KmsKeyId"],
        last_changed_date=int(time.time()),
        created_date=replica.source.created_date,
    )
    secret.arn, secret.versions = replica.arn, copy.deepcopy(replica.versions)
    secret.default_version_id = replica.default_version_id
    if replica in replica.source.replicas:
        replica.source.replicas.remove(replica)
    dict.pop(backend.secrets, replica.arn, None)
    backend.secrets[secret.name] = secret
    return json.dumps({"ARN": secret.arn})
