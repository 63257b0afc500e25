"""The raw bucket and the state machine's executions."""

from __future__ import annotations

from typing import Any

from functions.intake.logic import DataFile
from functions.shared.aws.sdk import client, code_of
from functions.shared.tasks import WorkError

CHECKSUMS = ("ChecksumSHA256", "ChecksumCRC64NVME", "ChecksumCRC32C", "ChecksumCRC32")


class RawFiles:
    """Objects of the raw bucket."""

    def describe(self, bucket: str, key: str) -> DataFile:
        """Size and digest of an object."""
        from botocore.exceptions import ClientError

        try:
            found = client("s3").head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchKey", "NotFound"):
                raise WorkError("key: there is no such file in the raw bucket; upload it or name another") from error
            raise
        etag = str(found["ETag"]).strip('"')
        return DataFile(bucket, key, int(found["ContentLength"]), etag, digest_of(found, etag))

    def newest(self, bucket: str, prefix: str) -> str | None:
        """Key of the object below a prefix that was written last."""
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        rows = [row for page in pages for row in page.get("Contents", []) if row["Key"].endswith(".csv")]
        return str(max(rows, key=lambda row: row["LastModified"])["Key"]) if rows else None

    def head(self, file: DataFile, size: int) -> bytes:
        """The first bytes, of the version that was described and no later one."""
        if file.size == 0:
            return b""
        found = client("s3").get_object(
            Bucket=file.bucket, Key=file.key, Range=f"bytes=0-{size - 1}", IfMatch=f'"{file.etag}"'
        )
        return bytes(found["Body"].read())


def digest_of(found: dict[str, Any], etag: str) -> str:
    """A checksum of the content; an ETag under KMS differs for each upload of the same file."""
    if found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
        for name in CHECKSUMS:
            if found.get(name):
                return f"{name}:{found[name]}"
    return f"ETag:{etag}"


class Workflow:
    """Executions of the training."""

    def running(self, arn: str) -> bool:
        """Whether an execution still runs; one that is not known any more does not."""
        from botocore.exceptions import ClientError

        try:
            return bool(client("stepfunctions").describe_execution(executionArn=arn)["status"] == "RUNNING")
        except ClientError as error:
            if code_of(error) in ("ExecutionDoesNotExist", "InvalidArn"):
                return False
            raise
