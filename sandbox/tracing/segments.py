"""Segments that the services themselves tell: API Gateway of a request, Lambda of a run."""

from __future__ import annotations

from typing import Any, Final

from sandbox.gateway.context import Answer, Exchange
from sandbox.lambdas.instance import Record
from sandbox.tracing.header import ids, parent_of, root_of

STAGE: Final = "AWS::ApiGateway::Stage"
LAMBDA: Final = "AWS::Lambda"
FUNCTION: Final = "AWS::Lambda::Function"


def of_request(exchange: Exchange, answer: Answer, took_s: float, api: str) -> dict[str, Any]:
    """The gateway's segment: the route, never the caller's own path, query or address."""
    own, called = ids(exchange.request_id)
    began, stage = exchange.began_s, exchange.stage
    resource = exchange.method.resource if exchange.method is not None else "/"
    found: dict[str, Any] = {
        "id": own,
        "trace_id": root_of(exchange.trace),
        "name": f"{api}/{stage.name}",
        "origin": STAGE,
        "start_time": began,
        "end_time": began + took_s,
        "http": {
            "request": {"method": exchange.verb, "url": f"https://{stage.domain}/{stage.name}{resource}"},
            "response": {"status": answer.status, "content_length": len(answer.body)},
        },
        "aws": {
            "api_gateway": {
                "account_id": stage.account,
                "rest_api_id": stage.api.id,
                "stage": stage.name,
                "request_id": exchange.request_id,
            }
        },
        **flags(answer.status),
    }
    caller = parent_of(exchange.header(b"x-amzn-trace-id") or "")
    if caller:
        found["parent_id"] = caller
    if exchange.integration_ms:
        end = began + took_s
        found["subsegments"] = [
            {
                "id": called,
                "name": "Lambda",
                "namespace": "aws",
                "start_time": max(began, end - exchange.integration_ms / 1000),
                "end_time": end,
                "aws": {"operation": "Invoke"},
                **flags(exchange.integration_status),
            }
        ]
    return found


def of_run(record: Record) -> list[dict[str, Any]]:
    """Lambda's two segments: of the service, and of the function with what its start took."""
    inner, outer = ids(record.request_id)
    plan, root = record.instance.plan, root_of(record.trace)
    began, end = record.began_ms / 1000, record.ended_ms / 1000 + 0.001
    broken = {"fault": True} if record.status != "success" else {}
    service: dict[str, Any] = {
        "id": outer,
        "trace_id": root,
        "name": plan.name,
        "origin": LAMBDA,
        "start_time": began,
        "end_time": end,
        "resource_arn": plan.arn,
        "http": {"response": {"status": 200}},
        **broken,
    }
    caller = parent_of(record.trace)
    if caller:
        service["parent_id"] = caller
    function: dict[str, Any] = {
        "id": inner,
        "trace_id": root,
        "parent_id": outer,
        "name": plan.name,
        "origin": FUNCTION,
        "start_time": began,
        "end_time": end,
        "aws": {"function_arn": plan.arn, "request_id": record.request_id},
        **broken,
    }
    if record.first:
        init_s = record.instance.init_ms / 1000
        start = {"id": f"{int(inner, 16) ^ 1:016x}", "name": "Initialization", "start_time": began - init_s}
        function["subsegments"] = [{**start, "end_time": began}]
        function["start_time"] = service["start_time"] = began - init_s
    return [service, function]


def flags(status: int) -> dict[str, bool]:
    """What X-Ray calls an HTTP status."""
    if status >= 500:
        return {"fault": True}
    return {"error": True, **({"throttle": True} if status == 429 else {})} if status >= 400 else {}
