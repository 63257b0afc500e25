"""Endpoints: fleets of model processes, changed without a gap, asked by weight."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.containers.context import Context, now_utc, os_error_text
from sandbox.containers.endpoints.capture import Capture, wanted
from sandbox.containers.endpoints.model import Container
from sandbox.containers.endpoints.server import Answer, ModelServer
from sandbox.containers.storage import JobError
from sandbox.events.hooks import inner

LOG = logging.getLogger(__name__)

EVENT_STATUS = {
    "Creating": "CREATING",
    "Updating": "UPDATING",
    "InService": "IN_SERVICE",
    "Failed": "FAILED",
    "Deleting": "DELETING",
}
"""Status of DescribeEndpoint → its spelling in events."""


@dataclass
class Variant:
    """One production variant and the process that serves it."""

    name: str
    weight: float
    server: ModelServer


@dataclass
class Fleet:
    """What one endpoint configuration runs."""

    config_name: str
    variants: Sequence[Variant]
    capture: Capture | None
    calls: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def choose(self, wanted_variant: str | None) -> Variant | None:
        """The variant that is asked for, or one by weight; None when there is none of that name."""
        if wanted_variant:
            return next((variant for variant in self.variants if variant.name == wanted_variant), None)
        weights = [variant.weight for variant in self.variants]
        return random.choices(self.variants, weights if any(weights) else None)[0]

    def retire(self, patience_s: float) -> None:
        """Lets running calls end, then ends the processes."""
        with self.changed:
            self.changed.wait_for(lambda: self.calls == 0, patience_s)
        for variant in self.variants:
            variant.server.close()
        if self.capture is not None:
            self.capture.close()


@dataclass(frozen=True)
class Plan:
    """What a deployment is to bring up, resolved from the endpoint configuration when it was asked for."""

    config_name: str
    variants: Sequence[Mapping[str, Any]]
    containers: Mapping[str, Container]
    """Variant name → its container."""
    capture: Mapping[str, Any] | None


class Endpoint:
    """One endpoint. `record` is moto's object, which Describe and List read."""

    def __init__(self, context: Context, region: str, record: Any, *, ping_s: float, capture_s: float) -> None:
        self.context = context
        self.region = region
        self.record = record
        self._ping_s = ping_s
        self._capture_s = capture_s
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None
        self._deleted = False
        self._starting: list[ModelServer] = []
        self._generation = 0
        self._threads: list[threading.Thread] = []

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return str(self.record.endpoint_name)

    @property
    def servers(self) -> list[ModelServer]:
        """The processes that serve now."""
        fleet = self._fleet
        return [variant.server for variant in fleet.variants] if fleet else []

    @property
    def first_variant(self) -> str:
        """Name of the variant that is declared first; empty while nothing serves."""
        fleet = self._fleet
        return fleet.variants[0].name if fleet and fleet.variants else ""

    def deploy(self, plan: Plan, status: str, finished: Callable[[], None] | None = None) -> None:
        """Brings a plan up in the background; what serves now goes on until the new processes answer."""
        self._generation += 1
        self._enter(status)
        thread = threading.Thread(
            target=self._deploy, args=(plan, self._generation, finished), name=f"deploy-{self.name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def invoke(
        self, body: bytes, headers: Mapping[str, str], variant: str | None, timeout_s: float, meta: Mapping[str, str]
    ) -> tuple[str, Answer]:
        """Asks one variant.

        Returns:
            The variant's name and its answer.

        Raises:
            LookupError: nothing serves, or no variant has that name.
            ServerDownError, ServerTimeoutError: as `ModelServer.invoke`.
        """
        with self._lock:
            fleet = self._fleet
            if fleet is None:
                raise LookupError(f"Endpoint {self.name} of account {self.context.cloud.account} not found.")
            with fleet.changed:
                fleet.calls += 1
        try:
            chosen = fleet.choose(variant)
            if chosen is None:
                raise LookupError(f"Variant {variant} not found for Request")
            answer = chosen.server.invoke(body, headers, timeout_s)
            if fleet.capture is not None:
                fleet.capture.add(chosen.name, body, headers.get("Content-Type", ""), answer, meta)
            return chosen.name, answer
        finally:
            with fleet.changed:
                fleet.calls -= 1
                fleet.changed.notify_all()

    def delete(self) -> None:
        """Ends everything in the background."""
        thread = threading.Thread(target=self.close, name=f"delete-{self.name}", daemon=True)
        self._threads.append(thread)
        self._enter("Deleting")
        thread.start()

    def flush(self) -> None:
        """Writes the captured data that waits."""
        fleet = self._fleet
        if fleet is not None and fleet.capture is not None:
            fleet.capture.flush()

    def close(self, patience_s: float = 1.0) -> None:
        """Ends everything and returns when it is done."""
        with self._lock:
            self._deleted = True
            fleet, self._fleet = self._fleet, None
            starting = list(self._starting)
        for server in starting:
            server.close()
        if fleet is not None:
            fleet.retire(patience_s)
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(5)

    def _deploy(self, plan: Plan, generation: int, finished: Callable[[], None] | None) -> None:
        servers: list[ModelServer] = []
        reason = "InternalServerError: the sandbox failed to deploy the endpoint; its output has the cause"
        try:
            reason = self._bring_up(plan, generation, servers)
        except JobError as error:
            reason = str(error)
        except OSError as error:
            reason = os_error_text(error, self.context.directory)
        finally:
            if reason:
                for server in servers:
                    server.close()
                self._failed(reason)
            else:
                self._swap(plan, servers)
            with self._lock:
                self._starting = [server for server in self._starting if server not in servers]
            if finished is not None:
                finished()

    def _bring_up(self, plan: Plan, generation: int, servers: list[ModelServer]) -> str:
        """Starts every variant's process; gives why it did not work, empty when it did."""
        for declared in plan.variants:
            variant = str(declared["VariantName"])
            log = (f"/aws/sagemaker/Endpoints/{self.name}", f"{variant}/{int(time.time())}-{generation}")
            name = f"{self.name}-{variant}-{generation}"
            server = ModelServer(self.context, self.region, name, plan.containers[variant], log)
            servers.append(server)
            with self._lock:
                if self._deleted:
                    return "the endpoint was deleted meanwhile"
                self._starting.append(server)
            server.start()
        for server, declared in zip(servers, plan.variants, strict=True):
            patience = float(declared.get("ContainerStartupHealthCheckTimeoutInSeconds", self._ping_s))
            why = server.wait_ready(patience)
            if why:
                return (
                    f"The primary container for production variant {declared['VariantName']} did not pass the ping "
                    f"health check. Please check CloudWatch logs for this endpoint. ({why})"
                )
        return ""

    def _swap(self, plan: Plan, servers: list[ModelServer]) -> None:
        variants = [
            Variant(str(declared["VariantName"]), float(declared.get("InitialVariantWeight", 1.0)), server)
            for declared, server in zip(plan.variants, servers, strict=True)
        ]
        capture = None
        if wanted(plan.capture) and plan.capture is not None:
            # SageMaker writes what it captures in the role of the model that is declared first.
            role = next(iter(plan.containers.values())).role
            client = self.context.in_role(role, self.region).client("s3")
            capture = Capture(client, self.name, plan.capture, self._capture_s)
        fleet = Fleet(plan.config_name, variants, capture)
        with self._lock:
            deleted = self._deleted
            old, self._fleet = self._fleet, None if deleted else fleet
        if deleted:
            fleet.retire(0)
            return
        record = self.record
        record.endpoint_config_name = plan.config_name
        record.production_variants = inner(record, "_process_production_variants")(list(plan.variants))
        record.data_capture_config = capture_summary(plan.capture)
        record.failure_reason = None
        self._enter("InService")
        if old is not None:
            old.retire(10)

    def _failed(self, reason: str) -> None:
        if not self._deleted:
            LOG.warning("endpoint %s: %s", self.name, reason)
            self.record.failure_reason = reason[:1024]
            self._enter("Failed")

    def _enter(self, status: str) -> None:
        record = self.record
        record.endpoint_status = status
        record.last_modified_time = now_utc()
        detail = {**record.response_object, "EndpointStatus": EVENT_STATUS[status]}
        self.context.announce("SageMaker Endpoint State Change", detail, arn=record.arn, region=self.region)


def capture_summary(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What DescribeEndpoint says of data capture."""
    if not wanted(config) or config is None:
        return None
    return {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": int(config.get("InitialSamplingPercentage", 100)),
        "DestinationS3Uri": str(config["DestinationS3Uri"]),
        "KmsKeyId": str(config.get("KmsKeyId", "")),
    }
