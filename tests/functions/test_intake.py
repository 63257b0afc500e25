"""The first step of a training: data that is fit, a claim on it, and names that never collide."""

from __future__ import annotations

from typing import Any

import pytest

from functions.intake.logic import DataFile, Intake, fingerprint, names, suffix_of
from functions.intake.settings import Settings
from functions.intake.store import RawFiles, Workflow, digest_of
from functions.shared.aws.sdk import client
from functions.shared.models import ChangedError
from functions.shared.tasks import WorkError
from tests.functions.support.cloud import BUCKET, state_machine
from tests.functions.support.tables import FakeModels

SETTINGS = Settings(
    models_table="models",
    raw_bucket=BUCKET,
    processed_bucket="processed",
    models_bucket="trained",
    name_prefix="mlplatform-test",
    model_package_group="mlplatform-test-models",
    code_digest="code-1",
)
GOOD = b"age,segment,target\n52,b,yes\n31,a,no\n"
KEY = "uploads/customers.csv"
NOW = "2026-01-31T12:00:00.000Z"
UPLOAD = {"reason": "upload", "bucket": BUCKET, "key": KEY}


class FakeFiles:
    """Files by key."""

    def __init__(self, **files: bytes) -> None:
        self.files = {f"uploads/{name}.csv": content for name, content in files.items()}

    def describe(self, bucket: str, key: str) -> DataFile:
        if key not in self.files:
            raise WorkError(f"key: s3://{bucket}/{key} does not exist; upload it or name another")
        content = self.files[key]
        return DataFile(bucket, key, len(content), f"etag-{content!r}", f"digest-{content!r}")

    def newest(self, bucket: str, prefix: str) -> str | None:
        del bucket
        return next((key for key in reversed(self.files) if key.startswith(prefix)), None)

    def head(self, file: DataFile, size: int) -> bytes:
        return self.files[file.key][:size]


class FakeExecutions:
    """Executions that run."""

    def __init__(self, *running: str) -> None:
        self.arns = set(running)

    def running(self, arn: str) -> bool:
        return arn in self.arns


def intake(models: Any = None, files: Any = None, executions: Any = None, settings: Settings = SETTINGS) -> Intake:
    return Intake(
        settings,
        FakeFiles(customers=GOOD) if files is None else files,
        FakeModels() if models is None else models,
        FakeExecutions() if executions is None else executions,
    )


def test_new_data_is_claimed_and_everything_has_its_name() -> None:
    models = FakeModels()
    found = intake(models).run("execution-1", UPLOAD, NOW)
    assert (found["outcome"], found["reason"], found["version"]) == ("train", "upload", found["fingerprint"][:12])
    assert found["data"] == {"bucket": BUCKET, "key": KEY, "uri": f"s3://{BUCKET}/{KEY}"}
    item = models.get(found["version"])
    assert item is not None
    assert (item["status"], item["execution"], item["createdAt"]) == ("Training", "execution-1", NOW)
    assert item["modelGroup"] == "mlplatform-test-models"


def test_names_fit_sagemaker_and_paths_have_no_slash_at_the_end() -> None:
    found = names(SETTINGS, "0123456789ab", suffix_of("execution"))
    of_sagemaker = [*found["jobs"].values(), found["model_name"], found["config_name"]]
    assert len(set(of_sagemaker)) == 5
    assert all(len(name) <= 63 for name in of_sagemaker)
    assert not [path for path in found["paths"].values() if path.endswith("/")]
    assert found["paths"]["model_data"] == f"s3://trained/training/{found['jobs']['train']}/output/model.tar.gz"


def test_long_prefixes_are_cut() -> None:
    settings = Settings(**{**vars(SETTINGS), "name_prefix": "a-very-long-name-of-a-project-and-of-its-stack-too"})
    found = names(settings, "0123456789ab", "12345678")
    assert max(map(len, found["jobs"].values())) <= 63


def test_a_second_try_shares_only_the_checkpoints() -> None:
    first, second = (names(SETTINGS, "0123456789ab", suffix_of(arn)) for arn in ("one", "two"))
    assert first["paths"]["checkpoints"] == second["paths"]["checkpoints"]
    assert set(first["jobs"].values()).isdisjoint(second["jobs"].values())
    assert all(first["paths"][split] != second["paths"][split] for split in ("train", "validation", "test"))


@pytest.mark.parametrize(
    "change", [{"code_digest": "code-2"}, {"training_settings": '{"seed": 7}'}, {"target_column": "other"}]
)
def test_other_code_or_settings_are_another_training(change: dict[str, str]) -> None:
    file = FakeFiles(customers=GOOD).describe(BUCKET, KEY)
    assert fingerprint(file, SETTINGS) != fingerprint(file, Settings(**{**vars(SETTINGS), **change}))


@pytest.mark.parametrize("status", ["Training", "PendingApproval", "Live", "Archived", "Rejected"])
def test_known_data_is_not_trained_on_twice(status: str) -> None:
    models = FakeModels()
    version = intake(models).run("execution-1", UPLOAD, NOW)["version"]
    models.update(version, {"status": status})
    found = intake(models, executions=FakeExecutions("execution-1")).run("execution-2", UPLOAD, NOW)
    assert (found["outcome"], found["version"]) == ("trained", version)
    assert models.items[version]["execution"] == "execution-1"


@pytest.mark.parametrize(("status", "execution"), [("Failed", "execution-2"), ("Training", "execution-1")])
def test_failed_data_and_a_repeated_step_are_claimed_again(status: str, execution: str) -> None:
    models = FakeModels()
    version = intake(models).run("execution-1", UPLOAD, NOW)["version"]
    models.update(version, {"status": status})
    running = FakeExecutions("execution-1")
    assert intake(models, executions=running).run(execution, UPLOAD, NOW)["outcome"] == "train"
    assert models.items[version]["execution"] == execution


def test_the_claim_of_an_execution_that_died_is_taken_over() -> None:
    models = FakeModels()
    intake(models).run("execution-1", UPLOAD, NOW)
    assert intake(models).run("execution-2", UPLOAD, NOW)["outcome"] == "train"


class Rival(FakeModels):
    """A table in which somebody else is always faster."""

    def put(self, item: Any, *, replaces: Any) -> None:
        raise ChangedError


def test_of_two_claims_at_once_one_trains() -> None:
    assert intake(Rival()).run("execution-2", UPLOAD, NOW)["outcome"] == "trained"


def test_without_a_key_the_newest_upload_is_taken() -> None:
    files = FakeFiles(older=GOOD, newer=GOOD + b"40,a,no\n")
    assert intake(files=files).run("e", {"reason": "schedule"}, NOW)["data"]["key"] == "uploads/newer.csv"


def test_a_manual_start_remembers_who_asked() -> None:
    models = FakeModels()
    version = intake(models).run("e", {"reason": "manual", "requestedBy": "user-1"}, NOW)["version"]
    assert models.items[version]["requestedBy"] == "user-1"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reason": "schedule"}, "there is no CSV file below"),
        ({"reason": "manual", "key": "uploads/none.csv"}, "does not exist"),
        ({"reason": "upload", "bucket": "other", "key": KEY}, "'other' is not allowed"),
        ({"reason": "boredom"}, "give upload, schedule, manual or promotion"),
        ({"reason": "promotion", "promote": "v9"}, "is no trained model"),
        ({"reason": "promotion", "promote": "#live"}, "is no trained model"),
    ],
)
def test_an_impossible_start_says_why(given: dict[str, str], says: str) -> None:
    with pytest.raises(WorkError, match=says):
        intake(files=FakeFiles()).run("e", given, NOW)


def test_what_is_served_lies_where_no_job_writes() -> None:
    found = names(SETTINGS, "0123456789ab", suffix_of("one"))
    bucket, _, key = found["paths"]["served"].removeprefix("s3://").partition("/")
    assert found["keep"] == {"bucket": bucket, "key": key, "source": found["paths"]["model_data"].removeprefix("s3://")}
    assert key.startswith("production/0123456789ab-")
    assert found["keep"]["source"].startswith(f"{bucket}/training/")


def test_a_promotion_names_the_models_own_data() -> None:
    models = FakeModels({"version": "v1", "status": "Archived", "modelDataUrl": "s3://trained/x/model.tar.gz"})
    found = intake(models).run("e", {"reason": "promotion", "promote": "v1"}, NOW)
    assert (found["outcome"], found["version"]) == ("promote", "v1")
    assert found["paths"]["model_data"] == "s3://trained/x/model.tar.gz"
    assert found["keep"]["source"] == "trained/x/model.tar.gz"
    assert found["model_name"] != found["config_name"]


def test_a_version_of_another_region_is_promoted_from_this_region_s_copy() -> None:
    models = FakeModels(
        {"version": "v1", "status": "Archived", "modelDataUrl": "s3://elsewhere/production/v1/model.tar.gz"}
    )
    found = intake(models).run("e", {"reason": "promotion", "promote": "v1"}, NOW)
    assert found["paths"]["model_data"] == "s3://trained/production/v1/model.tar.gz"
    assert found["keep"]["source"] == "trained/production/v1/model.tar.gz"


def test_a_live_model_is_not_promoted() -> None:
    models = FakeModels({"version": "v1", "status": "Live", "modelDataUrl": "s3://trained/x"})
    with pytest.raises(WorkError, match="is Live already"):
        intake(models).run("e", {"reason": "promotion", "promote": "v1"}, NOW)


@pytest.mark.usefixtures("aws")
class TestStore:
    def bucket(self) -> Any:
        client("s3").create_bucket(Bucket=BUCKET)
        return client("s3")

    def test_the_same_content_has_the_same_digest_wherever_it_lies(self) -> None:
        s3 = self.bucket()
        for key in (KEY, "uploads/copy.csv"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=GOOD)
        first, second = RawFiles().describe(BUCKET, KEY), RawFiles().describe(BUCKET, "uploads/copy.csv")
        assert (first.digest, first.size) == (second.digest, len(GOOD))
        assert RawFiles().head(first, 10) == GOOD[:10]

    def test_the_newest_csv_is_found_and_a_missing_one_is_named(self) -> None:
        s3 = self.bucket()
        assert RawFiles().newest(BUCKET, "uploads/") is None
        s3.put_object(Bucket=BUCKET, Key=KEY, Body=GOOD)
        s3.put_object(Bucket=BUCKET, Key="uploads/readme.txt", Body=b"x")
        assert RawFiles().newest(BUCKET, "uploads/") == KEY
        with pytest.raises(WorkError, match="there is no such file in the raw bucket; upload it") as told:
            RawFiles().describe(BUCKET, "uploads/none.csv")
        assert "none.csv" not in str(told.value)

    def test_an_execution_that_is_not_known_does_not_run(self) -> None:
        machine = state_machine()
        arn = client("stepfunctions").start_execution(stateMachineArn=machine, name="one", input="{}")["executionArn"]
        assert Workflow().running(arn)
        assert not Workflow().running(arn.replace(":one", ":two"))


def test_a_checksum_counts_before_an_etag_but_not_one_of_parts() -> None:
    assert digest_of({"ChecksumCRC32": "abc="}, "e") == "ChecksumCRC32:abc="
    assert digest_of({"ChecksumCRC32": "abc=", "ChecksumType": "COMPOSITE"}, "e") == "ETag:e"
