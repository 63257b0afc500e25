"""What is watched of the API: the stage and its routes, what the platform is used for, and questions to the logs."""

from __future__ import annotations

from components.secure_api.watched.queries import save
from components.secure_api.watched.signals import OBJECTIVE

__all__ = ["OBJECTIVE", "save"]
