"""What jobs and endpoints share: the cloud, the folder, the processes, and how SageMaker's events are announced."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

from sandbox.cloud import Application
from sandbox.events import bus
from sandbox.processes import Processes


class JobCloud(Protocol):
    """What jobs and endpoints need of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""

    def wrap(self, layer: Callable[[Application], Application]) -> None:
        """Puts a WSGI layer in front of the services."""

    def environment(self) -> dict[str, str]:
        """What a child needs to reach the services."""

    def in_role(self, arn: str, session: str, region: str | None = None) -> RoleCloud:
        """The services as a role may use them."""


class RoleCloud(Protocol):
    """The services of one region as one role may use them."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""

    def environment(self) -> dict[str, str]:
        """What a child needs to reach the services."""


SESSION = "SageMaker"
"""The name under which SageMaker assumes roles."""


@dataclass(frozen=True)
class Context:
    """What every job and endpoint of one runtime shares."""

    cloud: JobCloud
    directory: Path
    processes: Processes
    slots: threading.Semaphore
    """Processes of jobs that may run at once; further jobs wait in `Starting`."""
    grace_s: float
    """From SIGTERM to SIGKILL when a job is stopped."""

    def in_role(self, role: str, region: str) -> RoleCloud:
        """The services as SageMaker uses them for a job or a model: in the role that was given with it."""
        return self.cloud.in_role(role, SESSION, region)

    def announce(self, detail_type: str, detail: Mapping[str, Any], *, arn: str, region: str) -> None:
        """Publishes one of SageMaker's events, with times as SageMaker gives them (milliseconds)."""
        bus.publish(
            "aws.sagemaker",
            detail_type,
            plain_times(detail),
            account=self.cloud.account,
            region=region,
            resources=[arn],
        )


def os_error_text(error: OSError, directory: Path) -> str:
    """The FailureReason of an error of the operating system; a full disk says what to do."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"ClientError: no space left on device below {directory}: free some, or give the sandbox another directory"
        )
    return f"InternalServerError: {error}"


def now_utc() -> datetime:
    """The time, as moto's records hold it (UTC without a zone)."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def plain_times(value: Any) -> Any:
    """A value with its times as milliseconds since 1970, at any depth."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return int(moment.timestamp() * 1000)
    if isinstance(value, Mapping):
        return {key: plain_times(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_times(item) for item in value]
    return value
