"""Transform jobs: a model's own serving process asked once for each file below a prefix."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.containers.context import now_utc
from sandbox.containers.endpoints.model import Container
from sandbox.containers.endpoints.server import Answer, ModelServer, ServerDownError, ServerTimeoutError
from sandbox.containers.jobs.job import Job
from sandbox.containers.jobs.training import encryption
from sandbox.containers.storage import JobError, parse_uri

GROUP: Final = "/aws/sagemaker/TransformJobs"
PING_S: Final = 120.0
MEGABYTE: Final = 1 << 20


class TransformJob(Job):
    """CreateTransformJob as a process that serves the model, and requests to it."""

    def __init__(self, container: Container, *place: Any) -> None:
        self._container = container
        super().__init__(*place)
        self._input: Mapping[str, Any] = self.request["TransformInput"]
        self._output: Mapping[str, Any] = self.request["TransformOutput"]
        client: Mapping[str, Any] = self.request.get("ModelClientConfig") or {}
        self._timeout_s = float(client.get("InvocationsTimeoutInSeconds", 600))
        self._tries = 1 + int(client.get("InvocationsMaxRetries", 0))
        self.record.transform_start_time = self.record.transform_end_time = None
        self._enter("InProgress")

    @property
    def role(self) -> str:
        """See `Job.role`; a transform job has none of its own and works in the model's."""
        return self._container.role

    def stop(self) -> None:
        """See `Job.stop`; shows `Stopping` until it has ended."""
        if self.running and self.record.transform_job_status == "InProgress":
            self._enter("Stopping")
        super().stop()

    def work(self, directory: Path) -> Callable[[], None]:
        """See `Job.work`."""
        self.record.transform_start_time = now_utc()
        uri = str(self._input["DataSource"]["S3DataSource"]["S3Uri"])
        found = self.storage.objects(uri)
        if not found:
            raise JobError(f"ClientError: no S3 objects found under S3 URL {uri!r}; check that they exist")
        log = (GROUP, f"{self.name}/{int(time.time())}")
        server = ModelServer(self.context, self.region, f"transform-{self.name}", self._container, log)
        try:
            server.start()
            why = server.wait_ready(PING_S)
            if why:
                raise JobError(f"AlgorithmError: the container did not pass the ping health check ({why})")
            for key, name in found:
                if self.stopping.is_set():
                    return lambda: self.ended("Stopped")
                self._answer(server, f"s3://{parse_uri(uri)[0]}/{key}", name, directory)
        finally:
            server.close()
        return lambda: self.ended("Completed")

    def ended(self, status: str, *, reason: str = "", overtime: bool = False) -> None:
        """See `Job.ended`."""
        del overtime
        self.record.transform_end_time = now_utc()
        self.record.failure_reason = reason
        self._enter(status)

    def _answer(self, server: ModelServer, uri: str, name: str, directory: Path) -> None:
        """One file: one request, and the answer beside it under its name and `.out`."""
        source, target = directory / "in", directory / "out"
        self.storage.download(uri, source)
        body = source.read_bytes()
        most = int(self.request.get("MaxPayloadInMB", 6)) * MEGABYTE
        if len(body) > most:
            raise JobError(f"ClientError: {uri} has {len(body)} bytes; MaxPayloadInMB allows {most}")
        answer = self._asked(server, body)
        if answer.status != 200:
            said = answer.body.decode(errors="replace")[:600]
            raise JobError(f"AlgorithmError: {uri}: the container answered {answer.status}: {said}")
        target.write_bytes(answer.body)
        place = f"{str(self._output['S3OutputPath']).rstrip('/')}/{name}.out"
        self.storage.upload(target, place, encryption(self._output.get("KmsKeyId")))

    def _asked(self, server: ModelServer, body: bytes) -> Answer:
        headers = {
            "Content-Type": str(self._input.get("ContentType", "application/octet-stream")),
            "Accept": str(self._output.get("Accept", "*/*")),
        }
        answer, problem = None, ""
        for _ in range(self._tries):
            try:
                answer = server.invoke(body, headers, self._timeout_s)
            except (ServerDownError, ServerTimeoutError) as error:
                problem = str(error)
                self.stopping.wait(1)
                continue
            if answer.status < 500:
                break
        if answer is None:
            raise JobError(f"AlgorithmError: the container did not answer: {problem}")
        return answer

    def _enter(self, status: str) -> None:
        record = self.record
        record.transform_job_status = status
        record.last_modified_time = now_utc()
        self.context.announce(
            "SageMaker Transform Job State Change", record.response_object, arn=record.arn, region=self.region
        )
