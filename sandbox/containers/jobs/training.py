"""Training jobs: channels in, a script or an entry point run, model.tar.gz out, checkpoints kept in S3 all along."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.containers.context import now_utc
from sandbox.containers.jobs import script_mode
from sandbox.containers.jobs.job import Command, ProcessJob, ending_of, exit_code, last_lines
from sandbox.containers.logs import Metrics
from sandbox.containers.opt_ml import OptMl, rewritten
from sandbox.containers.storage import JobError, files_below, pack, unpack
from sandbox.processes import Process

CHECKPOINTS = "/opt/ml/checkpoints"

MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job exceeded its maximum run time",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}


class TrainingJob(ProcessJob):
    """CreateTrainingJob as a process."""

    GROUP = "/aws/sagemaker/TrainingJobs"

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self._hyperparameters = script_mode.decoded(self.request.get("HyperParameters") or {})
        self._specification: Mapping[str, Any] = self.request["AlgorithmSpecification"]
        self._checkpoints: Mapping[str, str] = self.request.get("CheckpointConfig") or {}
        self._sent: dict[str, tuple[int, int]] = {}
        self.metrics = Metrics(self._specification.get("MetricDefinitions") or [])
        record = self.record
        record.training_job_status = "InProgress"
        record.secondary_status_transitions = []
        record.model_artifacts = record.failure_reason = None
        record.training_start_time = record.training_end_time = None
        record.final_metric_data_list = None
        record.environment = self.request.get("Environment")
        record.retry_strategy = self.request.get("RetryStrategy")
        self.phase("Starting")

    def phase(self, secondary: str) -> None:
        """Enters a secondary status and announces it."""
        now, record = now_utc(), self.record
        if record.secondary_status_transitions:
            record.secondary_status_transitions[-1]["EndTime"] = now
        entry = {"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]}
        record.secondary_status_transitions.append(entry)
        record.secondary_status = secondary
        record.last_modified_time = now
        self.context.announce(
            "SageMaker Training Job State Change", record.response_object, arn=record.arn, region=self.region
        )

    def stop(self) -> None:
        """See `Job.stop`; shows `Stopping` until it has ended."""
        if self.running and self.record.training_job_status == "InProgress":
            self.record.training_job_status = "Stopping"
            self.phase("Stopping")
        super().stop()

    def prepare(self, place: OptMl) -> Command:
        """Downloads channels, checkpoints and code; writes the configuration files."""
        self.record.training_start_time = now_utc()
        self.phase("Downloading")
        channels = {str(channel["ChannelName"]): channel for channel in self.request.get("InputDataConfig") or []}
        for name, channel in channels.items():
            self._download(place, name, channel)
        if self._checkpoints:
            local = place.folder(self._checkpoints.get("LocalPath", CHECKPOINTS))
            self.storage.download_prefix(self._checkpoints["S3Uri"].rstrip("/") + "/", local)
            self._sent = {
                path.relative_to(local).as_posix(): (path.stat().st_mtime_ns, path.stat().st_size)
                for path in files_below(local)
            }
        for inside in ("model", "output/data", "output/intermediate", "code"):
            place.folder(f"/opt/ml/{inside}")
        resources = self._resources()
        configuration = {name: channel_configuration(channel) for name, channel in channels.items()}
        place.write_json("/opt/ml/input/config/hyperparameters.json", rewritten(self._raw_parameters(), place.root))
        place.write_json("/opt/ml/input/config/inputdataconfig.json", configuration)
        place.write_json("/opt/ml/input/config/resourceconfig.json", resources)
        hyperparameters = rewritten(self._hyperparameters, place.root)
        variables = script_mode.environment(
            place,
            job={"name": self.name, "arn": str(self.record.arn)},
            hyperparameters=hyperparameters,
            channels=configuration,
            resources=resources,
        )
        command = self._command(place, hyperparameters, variables)
        self.phase("Training")
        return command

    def meanwhile(self, place: OptMl) -> None:
        """Brings new checkpoints to S3."""
        if self._checkpoints:
            local = place.folder(self._checkpoints.get("LocalPath", CHECKPOINTS))
            self.storage.upload_folder(local, self._checkpoints["S3Uri"], sent=self._sent)

    def collect(self, place: OptMl) -> None:
        """Packs and uploads the model and the output data."""
        self.meanwhile(place)
        self.phase("Uploading")
        output: Mapping[str, Any] = self.request["OutputDataConfig"]
        base = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output"
        extra = encryption(output.get("KmsKeyId"))
        for inside, name in (("/opt/ml/model", "model"), ("/opt/ml/output/data", "output")):
            folder = place.folder(inside)
            if name == "model" or any(folder.iterdir()):
                archive = place.scratch / f"{name}.tar.gz"
                pack(folder, archive)
                self.storage.upload(archive, f"{base}/{name}.tar.gz", extra)
        self.record.model_artifacts = {"S3ModelArtifacts": f"{base}/model.tar.gz"}

    def failure(self, place: OptMl, process: Process, code: int) -> str:
        """What the script wrote to /opt/ml/output/failure, else the end of its log."""
        self.meanwhile(place)  # a repeated job goes on from the last checkpoint, as after a lost spot instance
        said = place.text_of("/opt/ml/output/failure") or ending_of(code) or last_lines(process.tail())
        if "sagemaker_program" in self._hyperparameters and not place.text_of("/opt/ml/output/failure"):
            said = f'ExecuteUserScriptError:\nExitCode {exit_code(code)}\nErrorMessage "{said}"'
        return f"AlgorithmError: {said[:900]}, exit code: {exit_code(code)}"

    def ended(self, status: str, *, reason: str = "", overtime: bool = False) -> None:
        """See `Job.ended`."""
        record, now = self.record, now_utc()
        record.training_end_time = now
        record.failure_reason = reason or None
        if record.training_start_time is not None:
            seconds = max(1, round((now - record.training_start_time).total_seconds()))
            record.training_time_in_seconds = record.billable_time_in_seconds = seconds
        if self.metrics is not None:
            record.final_metric_data_list = self.metrics.final()
        record.training_job_status = status
        self.phase("MaxRuntimeExceeded" if overtime else status)

    def _raw_parameters(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in (self.request.get("HyperParameters") or {}).items()}

    def _download(self, place: OptMl, name: str, channel: Mapping[str, Any]) -> None:
        uri = str(channel["DataSource"]["S3DataSource"]["S3Uri"])
        if self.storage.download_prefix(uri, place.folder(f"/opt/ml/input/data/{name}")) == 0:
            raise JobError(
                f'ClientError: Data download failed: no S3 objects found under S3 URL "{uri}" of channel {name!r}; '
                f'check that they exist and that the role "{self.request.get("RoleArn")}" may list the bucket'
            )

    def _command(self, place: OptMl, hyperparameters: Mapping[str, Any], variables: Mapping[str, str]) -> Command:
        own = {**variables, **(self.request.get("Environment") or {})}
        if not self.request.get("EnableNetworkIsolation"):
            own = {**self.cloud.environment(), **own}
        entry = self._specification.get("ContainerEntrypoint")
        if entry:
            whole = [*entry, *(self._specification.get("ContainerArguments") or [])]
            return Command(rewritten(whole, place.root), place.environment(own), place.root)
        program = str(hyperparameters.get("sagemaker_program", ""))
        source = str(hyperparameters.get("sagemaker_submit_directory", ""))
        if not program or not source:
            raise JobError(
                f"ClientError: image {self._specification.get('TrainingImage')!r} has its own algorithm, which the "
                "sandbox does not have; give hyperparameters sagemaker_program and sagemaker_submit_directory "
                "(script mode) or AlgorithmSpecification.ContainerEntrypoint"
            )
        code = place.folder("/opt/ml/code")
        self._fetch_code(source, code, place.scratch / "sourcedir.tar.gz")
        if not (code / program).is_file():
            raise JobError(f"ClientError: sagemaker_program {program!r} is not in {source}")
        own["PYTHONPATH"] = str(code)
        words = [sys.executable, program, *script_mode.arguments(hyperparameters)]
        return Command(words, place.environment(own), code)

    def _fetch_code(self, source: str, code: Path, archive: Path) -> None:
        """Brings the script as the training toolkit does: from S3, or from what a channel brought."""
        if source.startswith("s3://"):
            self.storage.download(source, archive)
            unpack(archive, code)
        elif Path(source).is_dir():
            if Path(source).resolve() != code.resolve():
                shutil.copytree(source, code, dirs_exist_ok=True)
        elif Path(source).is_file():
            unpack(Path(source), code)
        else:
            raise JobError(
                f"ClientError: sagemaker_submit_directory {source!r} is neither an S3 URI nor a file of a channel"
            )

    def _resources(self) -> dict[str, Any]:
        kind = (self.request.get("ResourceConfig") or {}).get("InstanceType", "local")
        group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": ["algo-1"]}
        return {
            "current_host": "algo-1",
            "current_instance_type": kind,
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "instance_groups": [group],
            "network_interface_name": "lo",
        }


def channel_configuration(channel: Mapping[str, Any]) -> dict[str, str]:
    """What inputdataconfig.json says of a channel."""
    return {
        "TrainingInputMode": str(channel.get("InputMode", "File")),
        "S3DistributionType": str(
            channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated")
        ),
        "RecordWrapperType": str(channel.get("RecordWrapperType", "None")),
        **({"ContentType": str(channel["ContentType"])} if channel.get("ContentType") else {}),
    }


def encryption(key: str | None) -> dict[str, str]:
    """Parameters of PutObject for a KMS key."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
