"""S3 replication: versions, delete markers, tags and locks, copied by the rules of each bucket."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.cloud import Judge
from sandbox.events.hooks import Hooks, inner
from sandbox.replication import rights
from sandbox.replication.acknowledged import Acknowledged
from sandbox.replication.lanes import CopyError, Lanes, Now, Write
from sandbox.replication.rules import Rule, chosen, rules, shown
from sandbox.rights.actions.call import Need

STATUS = "replication_status"
"""What the sandbox notes on moto's objects, as HeadObject shows it."""


class Objects:
    """The S3 part of the replication."""

    def __init__(self, account: str, lanes: Lanes, acknowledged: Acknowledged, now: Now, judge: Judge) -> None:
        self._account = account
        self._judge = judge
        self._lanes = lanes
        self._acknowledged = acknowledged
        self._now = now

    def install(self, hooks: Hooks) -> None:
        """Hears of every write to a versioned bucket, and lets S3 keep and show replication as it does."""
        from moto.s3.models import FakeKey, S3Backend
        from moto.s3.responses import S3Response

        put, mark = S3Backend.put_object, inner(S3Backend, "_set_delete_marker")
        configure, headers = S3Backend.put_bucket_replication, FakeKey.response_dict.fget

        def put_object(backend: Any, bucket_name: str, key_name: str, *rest: Any, **options: Any) -> Any:
            made = put(backend, bucket_name, key_name, *rest, **options)
            self._offer(made, "put")
            return made

        def set_delete_marker(backend: Any, bucket_name: str, key_name: str) -> Any:
            made = mark(backend, bucket_name, key_name)
            bucket, moment = backend.get_bucket(bucket_name), self._now()
            self._acknowledged.offer(made.version_id, lambda: self._deleted(bucket, made, moment))
            return made

        def put_bucket_replication(backend: Any, bucket_name: str, replication: dict[str, Any]) -> None:
            self._check(backend, bucket_name, replication)
            configure(backend, bucket_name, replication)

        def response_dict(key: Any) -> dict[str, Any]:
            found: dict[str, Any] = headers(key)
            status = getattr(key, STATUS, "")
            return {**found, "x-amz-replication-status": status} if status else found

        hooks.replace(S3Backend, "put_object", put_object)
        hooks.replace(S3Backend, "_set_delete_marker", set_delete_marker)
        hooks.replace(S3Backend, "put_bucket_replication", put_bucket_replication)
        hooks.replace(FakeKey, "response_dict", property(response_dict))
        hooks.replace(S3Response, "get_bucket_replication", _get_bucket_replication)
        self._watch_metadata(hooks)

    def _watch_metadata(self, hooks: Hooks) -> None:
        from moto.s3.models import S3Backend

        tag, untag = S3Backend.put_object_tagging, S3Backend.delete_object_tagging
        hold, retain = S3Backend.put_object_legal_hold, S3Backend.put_object_retention

        def put_object_tagging(backend: Any, key: Any, tags: Any) -> Any:
            result = tag(backend, key, tags)
            self._offer(key, "metadata")
            return result

        def then_offered(change: Callable[..., None]) -> Callable[..., None]:
            def changed(
                backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, *rest: Any, **more: Any
            ) -> None:
                change(backend, bucket_name, key_name, version_id, *rest, **more)
                self._offer(backend.get_object(bucket_name, key_name, version_id=version_id), "metadata")

            return changed

        hooks.replace(S3Backend, "put_object_tagging", put_object_tagging)
        hooks.replace(S3Backend, "delete_object_tagging", then_offered(untag))
        hooks.replace(S3Backend, "put_object_legal_hold", then_offered(hold))
        hooks.replace(S3Backend, "put_object_retention", then_offered(retain))

    def _offer(self, key: Any, operation: str) -> None:
        moment = self._now()
        # A request that puts an object sets its tags too; what is copied later is the object as it is then.
        self._acknowledged.offer(key.arn, lambda: self._written(key, operation, moment))

    def _written(self, key: Any, operation: str, moment: float) -> None:
        backend = _backend(self._account)
        bucket = backend.buckets.get(key.bucket_name)
        if bucket is None or not bucket.is_versioned:
            return
        replica = getattr(key, STATUS, "") == "REPLICA"
        if replica and operation == "put":
            return
        for rule in chosen(rules(getattr(bucket, "replication", None)), key.name, _tags(backend, key)):
            if (replica and not rule.replica_changes) or (key.encryption == "aws:kms" and not rule.kms_objects):
                continue
            if operation == "put":
                setattr(key, STATUS, "PENDING")
            self._add(bucket, rule, key, operation, moment)

    def _deleted(self, bucket: Any, marker: Any, moment: float) -> None:
        # Markers have no tags, and a rule that asks for some takes none.
        for rule in chosen(rules(getattr(bucket, "replication", None)), marker.name, {}):
            if rule.delete_markers:
                self._add(bucket, rule, marker, "delete", moment)

    def _add(self, bucket: Any, rule: Rule, item: Any, operation: str, moment: float) -> None:
        def copy() -> bool:
            return self._copy(bucket, rule, item, operation)

        def refused(_reason: str) -> None:
            if operation == "put":
                setattr(item, STATUS, "FAILED")

        target = _backend(self._account).buckets.get(rule.bucket)
        self._lanes.add(
            Write(
                kind="s3",
                source=bucket.region_name,
                target=target.region_name if target is not None else "",
                name=bucket.name,
                key=item.name,
                operation=operation,
                written=moment,
                copy=copy,
                refused=refused,
                size=getattr(item, "size", 0),
                dimensions={"SourceBucket": bucket.name, "DestinationBucket": rule.bucket, "RuleId": rule.identity},
            )
        )

    def _copy(self, bucket: Any, rule: Rule, item: Any, operation: str) -> bool:
        backend = _backend(self._account)
        target = backend.buckets.get(rule.bucket)
        if target is None:
            raise CopyError(f"destination bucket {rule.bucket!r} does not exist; create it or change the rule")
        if not target.is_versioned:
            raise CopyError(f"destination bucket {rule.bucket!r} is not versioned; enable versioning on it")
        if not any(version is item for version in bucket.keys.getlist(item.name, [])):
            return False  # the version was deleted meanwhile, for good
        present = [one for one in target.keys.getlist(item.name, []) if one.version_id == item.version_id]
        if operation == "metadata":
            if not present:
                return False  # it was there before the rule, which takes new objects only
            self._allowed(bucket, target, rights.of_metadata(bucket, target, item, _tags(backend, item)))
            _copy_metadata(backend, item, present[0])
            return True
        if present:
            return False
        if operation == "delete":
            self._allowed(bucket, target, rights.of_deletion(bucket, target, item))
        else:
            self._allowed(bucket, target, rights.of_object(bucket, rule, target, item, _tags(backend, item)))
        made = _marker(item) if operation == "delete" else self._object(target, rule, item)
        _insert(target, made)
        if operation == "put":
            _copy_metadata(backend, item, made)
            setattr(item, STATUS, "COMPLETED")
            _announce(self._account, target, made)
        return True

    def _allowed(self, bucket: Any, target: Any, needs: Iterable[Need]) -> None:
        rights.check(self._judge, self._account, bucket, target, needs)

    def _object(self, target: Any, rule: Rule, source: Any) -> Any:
        from moto.s3.models import FakeKey

        default = ((target.encryption or {}).get("Rule") or {}).get("ApplyServerSideEncryptionByDefault") or {}
        under_kms = source.encryption == "aws:kms"
        made = FakeKey(
            name=source.name,
            bucket_name=target.name,
            value=source.value,
            account_id=self._account,
            region_name=source.region_name,
            storage=rule.storage_class or source.storage_class,
            etag=source.etag.strip('"'),
            is_versioned=True,
            version_id=source.version_id,
            multipart=source.multipart,
            encryption="aws:kms" if under_kms and rule.kms_key else source.encryption or default.get("SSEAlgorithm"),
            kms_key_id=rule.kms_key or default.get("KMSMasterKeyID") if under_kms else None,
            bucket_key_enabled=source.bucket_key_enabled,
            checksum_value=source.checksum_value,
            checksum_type=source.checksum_type,
            checksum_parts=source.checksum_parts,
        )
        made.checksum_algorithm = source.checksum_algorithm
        # Replicas keep the time of their creation, and with it their place among the versions.
        made.last_modified = source.last_modified
        made.set_metadata(dict(source.metadata))
        made.website_redirect_location = source.website_redirect_location
        setattr(made, STATUS, "REPLICA")
        return made

    def _check(self, backend: Any, bucket_name: str, replication: Mapping[str, Any]) -> None:
        from moto.s3.exceptions import S3ClientError

        if not backend.get_bucket(bucket_name).is_versioned:
            raise S3ClientError(
                "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
            )
        declared = replication["Rule"]
        for rule in declared if isinstance(declared, list) else [declared]:
            name = str(rule["Destination"]["Bucket"]).rpartition(":")[2]
            found = backend.buckets.get(name)
            if found is None:
                raise S3ClientError("InvalidRequest", f"Destination bucket {name} must exist.")
            if not found.is_versioned:
                raise S3ClientError("InvalidRequest", "Destination bucket must have versioning enabled.")


def _backend(account: str) -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[account]["aws"]


def _tags(backend: Any, key: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = backend.tagger.get_tag_dict_for_resource(key.arn)
    return found


def _insert(target: Any, made: Any) -> None:
    """Puts a version where its time belongs: one that arrives late is not the current one."""
    versions = list(target.keys.getlist(made.name, []))
    place = bisect.bisect_right([version.last_modified for version in versions], made.last_modified)
    target.keys.setlist(made.name, [*versions[:place], made, *versions[place:]])


def _marker(source: Any) -> Any:
    from moto.s3.models import FakeDeleteMarker

    made: Any = FakeDeleteMarker(key=source.key)
    made.last_modified = source.last_modified
    made._version_id = source.version_id  # noqa: SLF001  # moto draws it and offers no other way to set it
    return made


def _copy_metadata(backend: Any, source: Any, made: Any) -> None:
    backend.tagger.delete_all_tags_for_resource(made.arn)
    backend.tagger.copy_tags(source.arn, made.arn)
    made.acl = source.acl
    made.lock_mode, made.lock_until = source.lock_mode, source.lock_until
    made.lock_legal_status = source.lock_legal_status


def _announce(account: str, target: Any, made: Any) -> None:
    """The event of the destination: for it a replica is an object like any other."""
    from moto.s3 import notifications

    event = notifications.S3NotificationEvent.OBJECT_CREATED_PUT_EVENT
    notifications.send_event(account, event, target, made)


def _get_bucket_replication(response: Any) -> Any:
    from moto.core.responses import ActionResult
    from moto.s3.exceptions import ReplicationConfigurationNotFoundError

    response.data["Action"] = "GetBucketReplication"
    found = response.backend.get_bucket_replication(response.bucket_name)
    if not found:
        raise ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    return response.serialized(ActionResult({"ReplicationConfiguration": shown(found)}))
