"""The prediction endpoint: a model behind a fixed name that promotions update in place."""

from __future__ import annotations

from components.ml_endpoint.component import MlEndpoint, MlEndpointArgs
from components.ml_endpoint.hosting import Hosting

__all__ = ["Hosting", "MlEndpoint", "MlEndpointArgs"]
