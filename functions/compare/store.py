"""Evaluations in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.sdk import client
from functions.shared.tasks import WorkError


def evaluation(uri: str) -> Mapping[str, Any]:
    """The document that an evaluation job wrote (`s3://…/evaluation.json`)."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not key:
        raise WorkError(f"evaluation: {uri!r} is no address of S3; give s3://bucket/key")
    try:
        found = json.loads(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except ValueError as error:
        raise WorkError(f"evaluation: {uri} is not JSON; look at the evaluation job") from error
    if not isinstance(found, dict):
        raise WorkError(f"evaluation: {uri} is not an object; look at the evaluation job")
    return found
