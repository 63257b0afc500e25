"""The containers runtime: SageMaker's jobs and endpoints as child processes, hooked into moto."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.containers.context import Context, JobCloud
from sandbox.containers.control import (
    endpoint_operations,
    model_operations,
    package_operations,
    processing_operations,
    refuse,
    training_operations,
)
from sandbox.containers.endpoints.endpoint import Endpoint
from sandbox.containers.endpoints.invocation import TIMEOUT_S, layer
from sandbox.containers.jobs.job import Job
from sandbox.containers.opt_ml import plain_folder
from sandbox.containers.transforms import transform_operations
from sandbox.events.hooks import Hooks
from sandbox.processes import Processes


class Containers:
    """SageMaker's jobs and endpoints.

    Build it with the cloud and a directory, call `install()` before the program runs, `attach()` after it, `close()` at
    the end: no process survives it, and moto is as it was.
    """

    def __init__(
        self,
        cloud: JobCloud,
        directory: Path,
        *,
        parallel: int | None = None,
        grace_s: float = 10.0,
        ping_s: float = 120.0,
        invoke_s: float = TIMEOUT_S,
        capture_s: float = 2.0,
    ) -> None:
        """See the class.

        Args:
            cloud: where the services are.
            directory: for logs and job folders.
            parallel: jobs whose processes run at once, by default two or the number of cores.
            grace_s: from SIGTERM to SIGKILL for a stopped job (120 s on AWS).
            ping_s: how long a new endpoint process may take to answer /ping.
            invoke_s: how long a model may take to answer.
            capture_s: how often captured data is written.
        """
        root = plain_folder(directory)
        slots = threading.BoundedSemaphore(parallel or max(2, os.cpu_count() or 1))
        self.context = Context(cloud, root, Processes(root / "logs"), slots, grace_s)
        self._ping_s, self._invoke_s, self._capture_s = ping_s, invoke_s, capture_s
        self.watch: Callable[[str, str, str, int, float], None] | None = None
        """Counts an invocation: region, endpoint, variant, status of the model (0 without an answer), seconds."""
        self._hooks = Hooks()
        self._lock = threading.Lock()
        self._jobs: dict[tuple[type[Job], str, str], Job] = {}
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._closed = False

    def install(self) -> None:
        """Makes moto's SageMaker operations run processes, and adds those that it lacks."""
        from moto.sagemaker.responses import SageMakerResponse

        original = {name: value for name, value in vars(SageMakerResponse).items() if callable(value)}
        families = (
            training_operations,
            processing_operations,
            transform_operations,
            model_operations,
            endpoint_operations,
            package_operations,
        )
        for family in families:
            for name, operation in family(self, original).items():
                if name in original:
                    self._hooks.replace(SageMakerResponse, name, operation)
                else:
                    self._hooks.add(SageMakerResponse, name, operation)
        self.context.cloud.wrap(layer(self, self._invoke_s))

    def attach(self, ledger: object) -> None:
        """Nothing to read: jobs and endpoints got their declarations by the calls that created them."""
        del ledger

    def close(self) -> None:
        """Ends every job, endpoint and process, within seconds."""
        with self._lock:
            self._closed = True
            jobs, endpoints = list(self._jobs.values()), list(self._endpoints.values())
        self._hooks.undo()
        for job in jobs:
            job.stop()
        self.context.processes.close()
        for endpoint in endpoints:
            endpoint.close(patience_s=0)
        until = time.monotonic() + 5
        for job in jobs:
            job.join(max(0.0, until - time.monotonic()))
        if self.context.directory.is_symlink():
            self.context.directory.unlink(missing_ok=True)

    def begin(self, job: Job) -> None:
        """Starts a job and keeps it, so that it can be stopped."""
        with self._lock:
            if self._closed:
                raise refuse(f"job {job.name!r} cannot start: the sandbox is ending")
            self._jobs[type(job), job.region, job.name] = job
        job.start()

    def stop(self, kind: type[Job], region: str, name: str) -> None:
        """Stops a running job; refuses one that has ended."""
        with self._lock:
            job = self._jobs.get((kind, region, name))
        if job is None or not job.running:
            raise refuse(f"The request was rejected because the job {name!r} has already ended")
        job.stop()

    def job(self, name: str) -> Job:
        """The job of a name, of either kind; LookupError when there is none."""
        with self._lock:
            for (_, _, job_name), job in self._jobs.items():
                if job_name == name:
                    return job
        raise LookupError(f"no job is called {name!r}")

    def new_endpoint(self, region: str, record: Any) -> Endpoint:
        """Keeps a new endpoint."""
        endpoint = Endpoint(self.context, region, record, ping_s=self._ping_s, capture_s=self._capture_s)
        with self._lock:
            if self._closed:
                raise refuse(f"endpoint {endpoint.name!r} cannot start: the sandbox is ending")
            self._endpoints[region, endpoint.name] = endpoint
        return endpoint

    def endpoint(self, region: str, name: str) -> Endpoint:
        """The endpoint of a name; LookupError in the words of InvokeEndpoint when there is none."""
        with self._lock:
            found = self._endpoints.get((region, name))
        if found is None:
            raise LookupError(f"Endpoint {name} of account {self.context.cloud.account} not found.")
        return found

    def drop_endpoint(self, region: str, name: str) -> None:
        """Forgets an endpoint and ends it in the background."""
        with self._lock:
            found = self._endpoints.pop((region, name), None)
        if found is not None:
            found.delete()

    def wait_in_service(self, timeout_s: float = 120.0) -> dict[str, str]:
        """Waits until no endpoint is being created or updated.

        Returns:
            Name of each endpoint → its status.
        """
        until = time.monotonic() + timeout_s
        while True:
            with self._lock:
                states = {endpoint.name: str(endpoint.record.endpoint_status) for endpoint in self._endpoints.values()}
            if not {"Creating", "Updating"} & set(states.values()) or time.monotonic() >= until:
                return states
            time.sleep(0.05)
