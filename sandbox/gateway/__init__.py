"""The data plane of a REST API: the deployed document, stage, keys and limits, answered over HTTP."""

from __future__ import annotations

from sandbox.gateway.chain import App, Chain, app
from sandbox.gateway.serving.server import Server

__all__ = ["App", "Chain", "Server", "app"]
