"""One request on its way through the gateway, and what templates may say about it."""

from __future__ import annotations

from sandbox.gateway.context.exchange import Answer, Exchange, GatewayError

__all__ = ["Answer", "Exchange", "GatewayError"]
