"""Processing jobs bring inputs, run the entry point and take the outputs away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.containers import Containers
from tests.sandbox.containers.support import BUCKET, ROLE, eventually, get, keys, put


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    containers = Containers(cloud, tmp_path, grace_s=0.5)
    containers.install()
    yield containers
    containers.close()


def output(mode: str = "EndOfJob", local: str = "/opt/ml/processing/out") -> dict[str, Any]:
    target = {"S3Uri": f"s3://{BUCKET}/out", "LocalPath": local, "S3UploadMode": mode}
    return {"Outputs": [{"OutputName": "out", "S3Output": target}]}


def process(cloud: Cloud, shell: str, *words: str, **more: Any) -> None:
    request = {
        "ProcessingJobName": "job",
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": "image",
            "ContainerEntrypoint": ["/bin/bash", "-c", shell, "--"],
            **({"ContainerArguments": list(words)} if words else {}),
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
        },
        "ProcessingOutputConfig": output(),
    }
    cloud.client("sagemaker").create_processing_job(**{**request, **more})


def describe(cloud: Cloud) -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("sagemaker").describe_processing_job(ProcessingJobName="job")
    return found


def ended(cloud: Cloud) -> dict[str, Any]:
    found: dict[str, Any] = eventually(
        lambda: (found := describe(cloud))["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} and found
    )
    return found


def test_the_entry_point_of_the_platform_unpacks_its_code_and_runs_python(cloud: Cloud, containers: Containers) -> None:
    put(cloud, "in/deep/a.csv", "1,2")
    source = {
        "S3Uri": f"s3://{BUCKET}/in/",
        "LocalPath": "/opt/ml/processing/input",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    code = 'import sys; print(open(sys.argv[2] + "/deep/a.csv").read())'
    shell = (
        f"mkdir -p /opt/ml/code && cd /opt/ml/code && echo '{code}' > m.py && "
        'exec python3 -m m "$@" > /opt/ml/processing/out/said.txt'
    )
    process(
        cloud,
        shell,
        "--input",
        "/opt/ml/processing/input",
        ProcessingInputs=[{"InputName": "data", "S3Input": source}],
    )
    found = ended(cloud)
    assert found["ProcessingJobStatus"] == "Completed", found.get("FailureReason")
    assert found["ProcessingEndTime"] >= found["ProcessingStartTime"]
    assert found["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] == 5
    assert get(cloud, "out/said.txt") == b"1,2\n"


def test_a_failure_carries_the_message_the_program_left(cloud: Cloud, containers: Containers) -> None:
    process(cloud, "echo 'no rows left' > /opt/ml/output/message; exit 4")
    found = ended(cloud)
    assert found["ProcessingJobStatus"] == "Failed"
    assert found["FailureReason"] == "AlgorithmError: no rows left, exit code: 4"
    assert found["ExitMessage"] == "no rows left"
    assert keys(cloud, "out/") == []


def test_a_failure_without_message_carries_the_end_of_the_log(cloud: Cloud, containers: Containers) -> None:
    process(cloud, "echo some words >&2; exit 1")
    assert ended(cloud)["FailureReason"] == "AlgorithmError: some words, exit code: 1"


def test_a_continuous_output_is_in_s3_while_the_job_runs(cloud: Cloud, containers: Containers) -> None:
    shell = "echo 1 > /opt/ml/processing/out/first; sleep 30"
    process(cloud, shell, ProcessingOutputConfig=output("Continuous"))
    eventually(lambda: keys(cloud, "out/") == ["out/first"])
    assert describe(cloud)["ProcessingJobStatus"] == "InProgress"
    cloud.client("sagemaker").stop_processing_job(ProcessingJobName="job")
    assert ended(cloud)["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize("local", ["/etc", "/opt/ml/../../etc", "relative"])
def test_a_path_outside_of_opt_ml_is_refused(cloud: Cloud, containers: Containers, local: str) -> None:
    process(cloud, "true", ProcessingOutputConfig=output(local=local))
    found = ended(cloud)
    assert found["ProcessingJobStatus"] == "Failed"
    assert repr(local) in found["FailureReason"]


def test_a_key_that_leads_out_of_its_folder_is_refused(cloud: Cloud, containers: Containers, tmp_path: Path) -> None:
    put(cloud, "in/../../../../../escaped", "x")
    source = {"S3Uri": f"s3://{BUCKET}/in/", "LocalPath": "/opt/ml/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    process(cloud, "true", ProcessingInputs=[{"InputName": "data", "S3Input": source}])
    assert "leads out of its folder" in ended(cloud)["FailureReason"]
    assert not list(tmp_path.rglob("escaped"))


def test_an_input_that_cannot_be_brought_is_refused_at_once(cloud: Cloud, containers: Containers) -> None:
    source = {"S3Uri": f"s3://{BUCKET}/in/", "LocalPath": "/opt/ml/in", "S3DataType": "ManifestFile"}
    with pytest.raises(ClientError, match="ManifestFile"):
        process(cloud, "true", ProcessingInputs=[{"InputName": "data", "S3Input": source}])
