"""S3: objects and buckets, with the keys that encrypt them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one, partition
from sandbox.rights.actions.keys import by_service, key_arn

WRITTEN: Final[Mapping[str, str]] = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectLockMode": "s3:object-lock-mode",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
}
"""Parameter of a write → condition key."""

ALSO: Final[Mapping[str, tuple[str, str]]] = {
    "ACL": ("s3:PutObjectAcl", "s3:x-amz-acl"),
    "ObjectLockLegalHoldStatus": ("s3:PutObjectLegalHold", "s3:object-lock-legal-hold"),
    "ObjectLockMode": ("s3:PutObjectRetention", "s3:object-lock-mode"),
    "Tagging": ("s3:PutObjectTagging", "s3:requestobjecttag"),
}
"""Parameter of a write → the action that it needs beside `s3:PutObject`, and how the keys begin that it may ask for."""


def bucket(call: Call) -> str:
    """The ARN of the bucket."""
    return f"arn:{partition(call.region)}:s3:::{call.text('Bucket')}"


def thing(call: Call) -> str:
    """The ARN of the object."""
    return f"{bucket(call)}/{call.text('Key')}"


def _with_key(call: Call, state: State, arn: str, key: str, actions: Iterable[str]) -> Iterable[Need]:
    name = arn.split(":", 5)[5].split("/", 1)[0]
    # A bucket key is made for the bucket as a whole; without one each object has its own.
    named = arn.split("/", 1)[0] if state.bucket_key(name) else arn
    return by_service(call, key, "s3", actions, aws__s3__arn=named)


def _missing(state: State, arn: str) -> Iterable[Need]:
    """Whoever may not list a bucket is not told that an object is missing: he is refused."""
    if not state.exists(arn):
        yield Need("s3:ListBucket", (arn.split("/", 1)[0],))


def _tags_of(state: State, arn: str) -> dict[str, tuple[str, ...]]:
    return {f"s3:existingobjecttag/{key.lower()}": (value,) for key, value in state.tags(arn).items()}


def _reads(action: str, *, decrypts: Callable[[Call], bool] = lambda _: True) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        version = call.text("VersionId")
        name = action.replace("GetObject", "GetObjectVersion", 1) if version else action
        arn = thing(call)
        yield Need(name, (arn,), {**one("s3:versionid", version or None), **_tags_of(state, arn)})
        if not version:
            yield from _missing(state, arn)
        if decrypts(call) and state.exists(arn):
            yield from _with_key(call, state, arn, state.key_of(arn), ["Decrypt"])

    return row


def _checksummed(call: Call) -> bool:
    return call.text("ChecksumMode") == "ENABLED"


def _written(call: Call, state: State) -> tuple[dict[str, tuple[str, ...]], str]:
    """What conditions may ask about a write, and the key that it is encrypted with."""
    facts: dict[str, tuple[str, ...]] = {}
    for name, key in WRITTEN.items():
        facts.update(one(key, call.params.get(name)))
    named = call.text("SSEKMSKeyId")
    arn = key_arn(call, state, named) if named else ""
    facts.update(one("s3:x-amz-server-side-encryption-aws-kms-key-id", arn or None))
    tags = parse_qsl(call.text("Tagging"), keep_blank_values=True)
    if tags:
        facts["s3:requestobjecttagkeys"] = tuple(key for key, _ in tags)
        facts.update({f"s3:requestobjecttag/{key.lower()}": (value,) for key, value in tags})
    # Written under S3's own keys where the write asks for it, whatever the bucket's default is.
    chosen = call.text("ServerSideEncryption")
    return facts, arn or ("" if chosen == "AES256" else state.key_of(bucket(call)))


def _writes(*actions: str) -> Row:
    """A write of an object, whose service asks these actions of the key."""

    def row(call: Call, state: State) -> Iterable[Need]:
        facts, key = _written(call, state)
        yield Need("s3:PutObject", (thing(call),), facts)
        for name, (action, keys) in ALSO.items():
            if call.text(name):
                yield Need(action, (thing(call),), {key: value for key, value in facts.items() if key.startswith(keys)})
        yield from _with_key(call, state, thing(call), key, actions)

    return row


def copied(source: Any) -> tuple[str, str, str]:
    """Bucket, key and version of what is copied: `bucket/key?versionId=…`, or a mapping of the three."""
    if isinstance(source, Mapping):
        return str(source["Bucket"]), str(source["Key"]), str(source.get("VersionId", ""))
    path, _, query = str(source).partition("?versionId=")
    name, _, key = unquote(path).lstrip("/").partition("/")
    return name, key, query


def _copies(*actions: str) -> Row:
    def row(call: Call, state: State) -> Iterable[Need]:
        name, key, version = copied(call.params["CopySource"])
        read = {"Bucket": name, "Key": key, **({"VersionId": version} if version else {})}
        source = Call(
            principal=call.principal,
            service=call.service,
            operation="GetObject",
            params=read,
            region=call.region,
            account=call.account,
        )
        yield from _reads("s3:GetObject")(source, state)
        yield from _writes(*actions)(call, state)
        # Tags go along unless they are replaced.
        if actions == ("GenerateDataKey",) and call.text("TaggingDirective") != "REPLACE" and state.tags(thing(source)):
            yield Need("s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging", (thing(source),))
            yield Need("s3:PutObjectTagging", (thing(call),))

    return row


def _lists(action: str) -> Row:
    def row(call: Call, _: State) -> Iterable[Need]:
        facts = {
            **one("s3:prefix", call.params.get("Prefix")),
            **one("s3:delimiter", call.params.get("Delimiter")),
            **one("s3:max-keys", call.params.get("MaxKeys")),
        }
        yield Need(action, (bucket(call),), facts)

    return row


def _versioned(action: str, versioned: str) -> Row:
    def row(call: Call, _: State) -> Iterable[Need]:
        version = call.text("VersionId")
        yield Need(versioned if version else action, (thing(call),), one("s3:versionid", version or None))

    return row


def _deletes(call: Call, _: State) -> Iterable[Need]:
    for found in (call.params.get("Delete") or {}).get("Objects", ()):
        version = found.get("VersionId")
        action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
        yield Need(action, (f"{bucket(call)}/{found['Key']}",), one("s3:versionid", version))


def _attributes(call: Call, state: State) -> Iterable[Need]:
    yield from _reads("s3:GetObject")(call, state)
    name = "s3:GetObjectVersionAttributes" if call.text("VersionId") else "s3:GetObjectAttributes"
    yield Need(name, (thing(call),))


S3: Final[Table] = {
    "AbortMultipartUpload": on("s3:AbortMultipartUpload", thing),
    "CompleteMultipartUpload": _writes("Decrypt"),
    "CopyObject": _copies("GenerateDataKey"),
    "CreateMultipartUpload": _writes("GenerateDataKey"),
    "DeleteObject": _versioned("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "DeleteObjectTagging": _versioned("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    "DeleteObjects": _deletes,
    "GetBucketAcl": on("s3:GetBucketAcl", bucket),
    "GetBucketEncryption": on("s3:GetEncryptionConfiguration", bucket),
    "GetBucketLocation": on("s3:GetBucketLocation", bucket),
    "GetBucketReplication": on("s3:GetReplicationConfiguration", bucket),
    "GetBucketTagging": on("s3:GetBucketTagging", bucket),
    "GetBucketVersioning": on("s3:GetBucketVersioning", bucket),
    "GetObject": _reads("s3:GetObject"),
    "GetObjectAcl": _versioned("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "GetObjectAttributes": _attributes,
    "GetObjectLegalHold": on("s3:GetObjectLegalHold", thing),
    "GetObjectRetention": on("s3:GetObjectRetention", thing),
    "GetObjectTagging": _versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    "HeadBucket": on("s3:ListBucket", bucket),
    "HeadObject": _reads("s3:GetObject", decrypts=_checksummed),
    "ListBuckets": anything("s3:ListAllMyBuckets"),
    "ListMultipartUploads": on("s3:ListBucketMultipartUploads", bucket),
    "ListObjectVersions": _lists("s3:ListBucketVersions"),
    "ListObjects": _lists("s3:ListBucket"),
    "ListObjectsV2": _lists("s3:ListBucket"),
    "ListParts": on("s3:ListMultipartUploadParts", thing),
    "PutObject": _writes("GenerateDataKey"),
    "PutObjectTagging": _versioned("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    "RestoreObject": on("s3:RestoreObject", thing),
    "SelectObjectContent": _reads("s3:GetObject"),
    "UploadPart": _writes("Decrypt", "GenerateDataKey"),
    "UploadPartCopy": _copies("Decrypt", "GenerateDataKey"),
}
