"""API keys: a method that wants one is open only to an enabled key of a plan that holds the stage."""

from __future__ import annotations

from sandbox.gateway.context import Exchange, GatewayError


def check_key(exchange: Exchange) -> None:
    """Sets the key that was given; refuses the request when the method needs one and it opens nothing."""
    if not exchange.matched.needs_key:
        return
    value = exchange.header(b"x-api-key") or ""
    key_id, plan = exchange.stage.limits.keys.get(value, ("", None))
    if plan is None:
        raise GatewayError("INVALID_API_KEY")
    exchange.key = value
    exchange.key_id = key_id
