"""One local AWS endpoint in this process: moto's services behind 127.0.0.1, and clients that reach nothing else."""

from __future__ import annotations

from sandbox.cloud.clients import local_client, service_model
from sandbox.cloud.ports import HOST, PortInUseError, listen
from sandbox.cloud.services import ACCOUNT, Application, Cloud, Judge, RegionalCloud

__all__ = [
    "ACCOUNT",
    "HOST",
    "Application",
    "Cloud",
    "Judge",
    "PortInUseError",
    "RegionalCloud",
    "listen",
    "local_client",
    "service_model",
]
