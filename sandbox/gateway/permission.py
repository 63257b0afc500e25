"""Whether a function lets a method of this API call it: Lambda asks the function's own policy, and so does this."""

from __future__ import annotations

from sandbox.callers import service
from sandbox.cloud import Judge
from sandbox.gateway.context import Exchange, GatewayError

KNOWN_S = 1.0
"""How long an answer counts; on AWS too a changed policy takes a moment to be heard of."""
ACTION = "lambda:InvokeFunction"


class Permission:
    """The step before a function is called."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._known: dict[tuple[str, str], float] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Raises GatewayError where the function's policy names neither this method nor a pattern for it."""
        matched, stage = exchange.matched, exchange.stage
        method = f"{stage.api.id}/{stage.name}/{exchange.verb}{matched.resource}"
        function = matched.integration.function
        known = (function, method)
        if exchange.began < self._known.get(known, 0.0):
            return
        source = f"arn:aws:execute-api:{stage.region}:{stage.account}:{method}"
        problem = self._judge(
            service("apigateway.amazonaws.com", source, stage.account), ACTION, function, stage.region
        )
        if problem:
            exchange.integration_status, exchange.integration_error = 403, problem
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
        self._known[known] = exchange.began + KNOWN_S


def open_to_all(_: Exchange) -> None:
    """The step of a gateway in which nobody's rights are looked at."""
