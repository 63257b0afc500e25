"""What a training starts with: data that is fit for it, a claim on it, and every name of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlsplit

from functions.intake.csvfile import check
from functions.intake.settings import Settings
from functions.shared.models import ChangedError
from functions.shared.places import (
    CHECKPOINTS,
    METADATA,
    PRODUCTION,
    STATISTICS,
    TEST,
    TRAIN,
    TRAINING,
    UPLOADS,
    VALIDATION,
)
from functions.shared.tasks import WorkError

HEAD_BYTES = 256 * 1024
"""How much of a file is looked at; the rest is the preprocessing job's."""


@dataclass(frozen=True)
class DataFile:
    """An object of the raw bucket; `digest` is of its content where S3 knows one, else its ETag."""

    bucket: str
    key: str
    size: int
    etag: str
    digest: str


class Files(Protocol):
    """The raw bucket."""

    def describe(self, bucket: str, key: str) -> DataFile:
        """A file; WorkError where there is none."""

    def newest(self, bucket: str, prefix: str) -> str | None:
        """Key of the newest CSV file below a prefix."""

    def head(self, file: DataFile, size: int) -> bytes:
        """The first bytes of exactly this version of a file."""


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def get(self, version: str) -> dict[str, Any] | None:
        """One item."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""

    def put(self, item: Mapping[str, Any], *, replaces: Mapping[str, Any] | None) -> None:
        """Writes an item in place of the one that was read; ChangedError where another was faster."""


class Executions(Protocol):
    """The state machine's executions."""

    def running(self, arn: str) -> bool:
        """Whether one still runs."""


@dataclass(frozen=True)
class Intake:
    """The step, with what it works on."""

    settings: Settings
    files: Files
    models: Models
    executions: Executions

    def run(self, execution: str, given: Mapping[str, Any], now: str) -> dict[str, Any]:
        """The answer that the rest of the training works with; its `outcome` is train, trained or promote.

        Raises:
            WorkError: the data is not fit, or there is nothing to do; says what to do about it.
        """
        if given.get("reason") == "promotion":
            return self.promote(execution, str(given.get("promote", "")))
        file = self.file(given)
        check(self.files.head(file, HEAD_BYTES), file, self.settings)
        print_of = fingerprint(file, self.settings)
        answer = names(self.settings, print_of[:12], suffix_of(execution)) | {
            "fingerprint": print_of,
            "reason": str(given["reason"]),
            "data": {"bucket": file.bucket, "key": file.key, "uri": f"s3://{file.bucket}/{file.key}"},
        }
        item = {
            "version": answer["version"],
            "modelGroup": self.settings.model_package_group,
            "status": "Training",
            "createdAt": now,
            "fingerprint": print_of,
            "data": {"bucket": file.bucket, "key": file.key, "etag": file.etag, "size": file.size},
            "reason": answer["reason"],
            "execution": execution,
        }
        if "requestedBy" in given:
            item["requestedBy"] = given["requestedBy"]
        return answer | self.claim(item)

    def file(self, given: Mapping[str, Any]) -> DataFile:
        """The file that an execution is about."""
        bucket = str(given.get("bucket") or self.settings.raw_bucket)
        if bucket != self.settings.raw_bucket:
            raise WorkError(f"bucket: {bucket!r} is not allowed; upload to {self.settings.raw_bucket!r}")
        if given.get("reason") not in ("upload", "schedule", "manual"):
            raise WorkError(f"reason: {given.get('reason')!r}; give upload, schedule, manual or promotion")
        key = given.get("key") or self.files.newest(bucket, UPLOADS)
        if not key:
            raise WorkError(f"key: there is no CSV file below s3://{bucket}/{UPLOADS}; upload one")
        return self.files.describe(bucket, str(key))

    def claim(self, item: Mapping[str, Any]) -> dict[str, str]:
        """Takes the data for this execution, unless it has been trained on or another execution is at it."""
        known = self.models.get(item["version"])
        if known is not None and not self.free(known, item["execution"]):
            return {"outcome": "trained", "why": f"version {known['version']} is {known['status']}"}
        try:
            self.models.put(item, replaces=known)
        except ChangedError:
            return {"outcome": "trained", "why": f"another execution has just begun version {item['version']}"}
        return {"outcome": "train", "why": "new data" if known is None else f"version was {known['status']}"}

    def free(self, known: Mapping[str, Any], execution: str) -> bool:
        """Whether a known version may be trained again: it failed, is ours, or its execution died."""
        if known.get("status") == "Failed" or known.get("execution") == execution:
            return True
        return known.get("status") == "Training" and not self.executions.running(str(known.get("execution", "")))

    def promote(self, execution: str, version: str) -> dict[str, Any]:
        """The answer for a version that is trained already and shall go live."""
        item = None if version.startswith("#") else self.models.get(version)
        if item is None or not item.get("modelDataUrl"):
            raise WorkError(f"promote: {version!r} is no trained model; give a version of GET /v1/models")
        if item.get("status") in ("Live", "Deploying"):
            raise WorkError(f"promote: {version!r} is {item['status']} already; nothing is left to do")
        # The same key in every region, and the item names the bucket of the region where the version was made.
        archive = f"s3://{self.settings.models_bucket}{urlsplit(str(item['modelDataUrl'])).path}"
        answer = names(self.settings, version, suffix_of(execution), model_data=archive)
        return answer | {
            "outcome": "promote",
            "why": "approved",
            "fingerprint": str(item.get("fingerprint", "")),
            "reason": "promotion",
        }


def fingerprint(file: DataFile, settings: Settings) -> str:
    """The same for the same data, code and settings."""
    parts = (file.digest, str(file.size), settings.code_digest, settings.training_settings, settings.target_column)
    return sha256("\n".join(parts).encode()).hexdigest()


def suffix_of(execution: str) -> str:
    """Eight characters of its own for each execution, so that a second try never meets the first one's names."""
    return sha256(execution.encode()).hexdigest()[:8]


def names(settings: Settings, version: str, suffix: str, *, model_data: str = "") -> dict[str, Any]:
    """Names and addresses of everything that a run makes; SageMaker's names have at most 63 characters.

    With `model_data` the run makes no model of its own and puts that one into service.
    """
    run = f"{version}-{suffix}"
    prefix = settings.name_prefix[: 63 - len(f"--preprocess-{run}")].rstrip("-")
    jobs = {kind: f"{prefix}-{kind}-{run}" for kind in ("preprocess", "train", "evaluate")}
    models, processed = f"s3://{settings.models_bucket}", f"s3://{settings.processed_bucket}"
    data = model_data or f"{models}/{TRAINING}{jobs['train']}/output/model.tar.gz"
    served = f"{PRODUCTION}{run}/model.tar.gz"
    return {
        "version": version,
        "jobs": jobs,
        "paths": {
            "train": f"{processed}/{TRAIN}{run}",
            "validation": f"{processed}/{VALIDATION}{run}",
            "test": f"{processed}/{TEST}{run}",
            "statistics": f"{processed}/{STATISTICS}{run}",
            "evaluation": f"{models}/{METADATA}{run}",
            # Without the suffix: a second try goes on where the first one was interrupted.
            "checkpoints": f"{models}/{CHECKPOINTS}{version}",
            "model_output": f"{models}/{TRAINING.rstrip('/')}",
            "model_data": data,
            "served": f"{models}/{served}",
        },
        # S3 copies it: what is served lies where no job can write.
        "keep": {"bucket": settings.models_bucket, "key": served, "source": data.removeprefix("s3://")},
        "model_name": f"{prefix}-{run}",
        "config_name": f"{prefix}-config-{run}",
    }
