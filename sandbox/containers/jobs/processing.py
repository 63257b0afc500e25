"""Processing jobs: inputs in, an entry point run, outputs away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.containers.context import now_utc
from sandbox.containers.jobs.job import Command, ProcessJob, ending_of, exit_code, last_lines
from sandbox.containers.jobs.training import encryption
from sandbox.containers.opt_ml import OptMl, rewritten
from sandbox.containers.storage import JobError
from sandbox.processes import Process


class ProcessingJob(ProcessJob):
    """CreateProcessingJob as a process."""

    GROUP = "/aws/sagemaker/ProcessingJobs"

    def __init__(self, *place: Any) -> None:
        super().__init__(*place)
        self._outputs: Mapping[str, Any] = self.request.get("ProcessingOutputConfig") or {}
        self._sent: dict[str, dict[str, tuple[int, int]]] = {}
        record = self.record
        record.processing_start_time = record.processing_end_time = None
        record.failure_reason = record.exit_message = None
        record.environment = self.request.get("Environment")
        record.processing_resources = self.request.get("ProcessingResources")
        self._enter("InProgress")

    def stop(self) -> None:
        """See `Job.stop`; shows `Stopping` until it has ended."""
        if self.running and self.record.processing_job_status == "InProgress":
            self._enter("Stopping")
        super().stop()

    def prepare(self, place: OptMl) -> Command:
        """Downloads the inputs and writes the configuration files."""
        self.record.processing_start_time = now_utc()
        for declared in self.request.get("ProcessingInputs") or []:
            self._download(place, declared)
        for output in self._outputs.get("Outputs") or []:
            place.folder(self._local(place, output["S3Output"]))
        place.write_json("/opt/ml/config/processingjobconfig.json", rewritten(dict(self.request), place.root))
        resources = {"current_host": "algo-1", "hosts": ["algo-1"]}
        place.write_json("/opt/ml/config/resourceconfig.json", resources)
        place.folder("/opt/ml/output")
        specification: Mapping[str, Any] = self.request["AppSpecification"]
        entry = specification.get("ContainerEntrypoint")
        if not entry:
            raise JobError(
                f"ClientError: image {specification.get('ImageUri')!r} has its own entry point, which the sandbox "
                "does not have; give AppSpecification.ContainerEntrypoint"
            )
        own = {
            "PROCESSING_JOB_NAME": self.name,
            "PROCESSING_JOB_ARN": str(self.record.arn),
            **(self.request.get("Environment") or {}),
        }
        # A process of this machine finds its messages' folder elsewhere than in a container.
        own = {"SM_OUTPUT_DIR": "/opt/ml/output", **own}
        if not (self.request.get("NetworkConfig") or {}).get("EnableNetworkIsolation"):
            own = {**self.cloud.environment(), **own}
        words = rewritten([*entry, *(specification.get("ContainerArguments") or [])], place.root)
        return Command(words, place.environment(own), place.root)

    def meanwhile(self, place: OptMl) -> None:
        """Brings away what has been written so far, for outputs that ask for that."""
        for output in self._outputs.get("Outputs") or []:
            if output["S3Output"].get("S3UploadMode") == "Continuous":
                self._upload(place, output)

    def collect(self, place: OptMl) -> None:
        """Uploads the outputs."""
        for output in self._outputs.get("Outputs") or []:
            self._upload(place, output)
        self.record.exit_message = place.text_of("/opt/ml/output/message") or None

    def failure(self, place: OptMl, process: Process, code: int) -> str:
        """What the program wrote as its message, else the end of its log."""
        message = place.text_of("/opt/ml/output/message")
        self.record.exit_message = message or None
        said = place.text_of("/opt/ml/output/failure") or message or ending_of(code) or last_lines(process.tail())
        return f"AlgorithmError: {said[:900]}, exit code: {exit_code(code)}"

    def ended(self, status: str, *, reason: str = "", overtime: bool = False) -> None:
        """See `Job.ended`."""
        self.record.processing_end_time = now_utc()
        if overtime:
            self.record.exit_message = f"the job exceeded its maximum run time of {self.max_runtime_s:.0f} s"
        self.record.failure_reason = reason or None
        self._enter(status)

    def _enter(self, status: str) -> None:
        record = self.record
        record.processing_job_status = status
        record.last_modified_time = now_utc()
        self.context.announce(
            "SageMaker Processing Job State Change", record.response_object, arn=record.arn, region=self.region
        )

    def _download(self, place: OptMl, declared: Mapping[str, Any]) -> None:
        source: Mapping[str, Any] = declared.get("S3Input") or {}
        name = declared.get("InputName")
        if not source:
            raise JobError(
                f"ClientError: input {name!r} must have S3Input; the sandbox reads no Athena and no Redshift"
            )
        folder = place.folder(self._local(place, source))
        if self.storage.download_prefix(str(source["S3Uri"]), folder) == 0:
            raise JobError(
                f"ClientError: Data download failed: no S3 objects found under S3 URL {source['S3Uri']!r} of input "
                f'{name!r}; check that they exist and that the role "{self.request.get("RoleArn")}" may list the bucket'
            )

    def _upload(self, place: OptMl, output: Mapping[str, Any]) -> None:
        target: Mapping[str, Any] = output["S3Output"]
        sent = self._sent.setdefault(str(output["OutputName"]), {})
        folder = place.folder(self._local(place, target))
        self.storage.upload_folder(
            folder, str(target["S3Uri"]), sent=sent, extra=encryption(self._outputs.get("KmsKeyId"))
        )

    @staticmethod
    def _local(place: OptMl, source: Mapping[str, Any]) -> str:
        inside = str(source.get("LocalPath", ""))
        try:
            place.path(inside)
        except ValueError as error:
            raise JobError(f"ClientError: {error}") from error
        return inside
