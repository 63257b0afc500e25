"""Training jobs run the code that they name, and say how it went as SageMaker does."""

from __future__ import annotations

import functools
import io
import json
import os
import signal
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.containers import Containers
from sandbox.containers.context import os_error_text
from sandbox.containers.storage import Storage
from tests.sandbox.containers.support import (
    BUCKET,
    archive,
    channel,
    ended,
    eventually,
    get,
    keys,
    put,
    train,
    training_request,
)

GOOD = """
import argparse, json, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
parser.add_argument("--names")
parser.add_argument("--home")
found = parser.parse_args()
data = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "sub", "a.csv").read_text()
names = {name: os.environ[name] for name in ("SM_HPS", "SM_CHANNELS", "SM_NUM_CPUS", "TRAINING_JOB_NAME", "MINE")}
result = {"depth": found.depth, "names": found.names, "home": found.home, "data": data, **names}
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(result))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "report.txt").write_text("fine")
print("validation:accuracy=0.75")
"""


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    containers = Containers(cloud, tmp_path / "with blank", grace_s=0.5)
    containers.install()
    containers.attach(None)
    link = containers.context.directory
    assert link.is_symlink()
    yield containers
    containers.close()
    assert not link.is_symlink()


def members(body: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar.getmembers() if entry.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_a_script_gets_channels_arguments_and_variables_and_its_model_is_uploaded(
    cloud: Cloud, containers: Containers
) -> None:
    uri = put(cloud, "data/train/sub/a.csv", "x,y")
    found = train(
        cloud,
        "good",
        GOOD,
        InputDataConfig=[channel("train", uri.removesuffix("sub/a.csv"))],
        HyperParameters={"home": json.dumps("/opt/ml/model")},
        Environment={"MINE": "/opt/ml/output"},
        AlgorithmSpecification={
            "TrainingImage": "image",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "validation:accuracy=([0-9.]+)"}],
        },
    )
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Completed", "Completed")
    assert found["ModelArtifacts"] == {"S3ModelArtifacts": f"s3://{BUCKET}/out/good/output/model.tar.gz"}
    assert found["BillableTimeInSeconds"] >= 1
    assert found["TrainingEndTime"] >= found["TrainingStartTime"] >= found["CreationTime"]
    steps = [step["Status"] for step in found["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [(row["MetricName"], row["Value"]) for row in found["FinalMetricDataList"]] == [("accuracy", 0.75)]
    model = json.loads(members(get(cloud, "out/good/output/model.tar.gz"))["model.json"])
    assert (model["depth"], model["names"], model["data"]) == (3, "a,b", "x,y")
    assert json.loads(model["SM_CHANNELS"]) == ["train"]
    assert json.loads(model["SM_HPS"])["depth"] == 3
    assert model["TRAINING_JOB_NAME"] == "good"
    assert model["home"].endswith("/ml/model")
    assert model["MINE"].endswith("/ml/output")
    assert members(get(cloud, "out/good/output/output.tar.gz")) == {"report.txt": b"fine"}


def test_the_log_is_in_the_log_group_of_training_jobs(cloud: Cloud, containers: Containers) -> None:
    train(cloud, "talker", "print('hello'); import sys; print('oops', file=sys.stderr)")
    logs = cloud.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert stream["logStreamName"].startswith("talker/algo-1-")
    rows = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert sorted(row["message"] for row in rows) == ["hello", "oops"]


FAILED = [
    ("raise ValueError('bad data')", "ValueError: bad data"),
    (
        """import pathlib, sys
(pathlib.Path(__file__).parents[1] / "output" / "failure").write_text("no column x")
sys.exit(3)""",
        "AlgorithmError: no column x, exit code: 3",
    ),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
]


@pytest.mark.parametrize(("script", "words"), FAILED, ids=["exception", "failure file", "killed"])
def test_a_failing_script_is_named_in_the_reason(cloud: Cloud, containers: Containers, script: str, words: str) -> None:
    found = train(cloud, "bad", script)
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Failed", "Failed")
    assert words in found["FailureReason"]
    assert found["FailureReason"].startswith("AlgorithmError: ")
    assert "ModelArtifacts" not in found


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"InputDataConfig": [channel("train", f"s3://{BUCKET}/none/")]}, "no S3 objects found"),
    ({"HyperParameters": {"sagemaker_program": '"other.py"'}}, "'other.py' is not in"),
    ({"HyperParameters": {"sagemaker_submit_directory": f'"s3://{BUCKET}/none.tar.gz"'}}, "Data download failed"),
    ({"OutputDataConfig": {"S3OutputPath": "s3://missing-bucket/x"}}, "cannot write s3://missing-bucket"),
]


@pytest.mark.parametrize(("change", "words"), REFUSED, ids=["no data", "no program", "no code", "no bucket"])
def test_a_job_that_cannot_run_says_why(
    cloud: Cloud, containers: Containers, change: dict[str, Any], words: str
) -> None:
    found = train(cloud, "bad", "print('x')", **change)
    assert found["TrainingJobStatus"] == "Failed"
    assert words in found["FailureReason"]


def test_an_archive_that_leads_out_of_its_folder_is_refused(
    cloud: Cloud, containers: Containers, tmp_path: Path
) -> None:
    source = put(cloud, "evil.tar.gz", archive({"train.py": "print(1)", "../../../../../escaped": "x"}))
    cloud.client("sagemaker").create_training_job(**training_request("evil", source))
    found = ended(cloud, "evil")
    assert "cannot unpack" in found["FailureReason"]
    assert not list(tmp_path.rglob("escaped"))


SLOW = """
import os, pathlib, time, signal, sys
folder = pathlib.Path(os.environ["SM_MODEL_DIR"]).parent / "checkpoints"
done = sorted(path.name for path in folder.glob("*.txt"))
(folder / f"step{len(done)}.txt").write_text("x")
(pathlib.Path(os.environ["SM_MODEL_DIR"]) / "seen.txt").write_text(",".join(done))
if not done:
    time.sleep(60)
"""


def test_checkpoints_are_in_s3_while_the_job_runs_and_a_stopped_job_is_resumed(
    cloud: Cloud, containers: Containers
) -> None:
    source = put(cloud, "slow.tar.gz", archive({"train.py": SLOW}))
    request = training_request("first", source, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/check"})
    client = cloud.client("sagemaker")
    client.create_training_job(**request)
    eventually(lambda: keys(cloud, "check/"))
    assert client.describe_training_job(TrainingJobName="first")["SecondaryStatus"] == "Training"
    client.stop_training_job(TrainingJobName="first")
    found = ended(cloud, "first")
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert members(get(cloud, "out/first/output/model.tar.gz")) == {"seen.txt": b""}
    client.create_training_job(**{**request, "TrainingJobName": "second"})
    assert ended(cloud, "second")["TrainingJobStatus"] == "Completed"
    assert members(get(cloud, "out/second/output/model.tar.gz")) == {"seen.txt": b"step0.txt"}


def test_the_longest_run_time_holds_also_for_a_script_that_ignores_sigterm(
    cloud: Cloud, containers: Containers
) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    found = train(cloud, "long", script, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_name_is_used_once(cloud: Cloud, containers: Containers) -> None:
    train(cloud, "once", "")
    with pytest.raises(ClientError) as caught:
        train(cloud, "once", "")
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


@pytest.mark.parametrize("name", ["-x", "a_b", "x" * 64], ids=["hyphen", "underscore", "long"])
def test_a_bad_name_is_refused(cloud: Cloud, containers: Containers, name: str) -> None:
    with pytest.raises(ClientError, match="TrainingJobName"):
        train(cloud, name, "")


def test_a_job_that_has_ended_cannot_be_stopped(cloud: Cloud, containers: Containers) -> None:
    train(cloud, "done", "")
    with pytest.raises(ClientError, match="already ended"):
        cloud.client("sagemaker").stop_training_job(TrainingJobName="done")


def test_close_ends_what_a_job_started(cloud: Cloud, containers: Containers, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = (
        "import os, pathlib, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(note)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\ntime.sleep(60)"
    )
    source = put(cloud, "s.tar.gz", archive({"train.py": script}))
    cloud.client("sagemaker").create_training_job(**training_request("left", source))
    eventually(lambda: note.exists() and " " in note.read_text())
    containers.close()
    for pid in map(int, note.read_text().split()):
        eventually(functools.partial(gone, pid))
    assert containers.job("left").record.training_job_status == "Stopped"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return True
    # A process whose parent has not asked for its status yet has ended too.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_a_full_disk_is_a_reason_that_says_what_to_do(cloud: Cloud, tmp_path: Path) -> None:
    uri = put(cloud, "data/a.csv", "x" * 100_000)
    with pytest.raises(OSError, match="No space left") as caught:
        Storage(cloud.client("s3")).download(uri, Path("/dev/full"))
    reason = os_error_text(caught.value, tmp_path)
    assert reason.startswith("ClientError: no space left on device")
    assert str(tmp_path) in reason
