"""Any AWS operation by the names that EventBridge Scheduler uses, with parameters in its own casing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import xform_name

from sandbox.events.targets import Clients, UnsupportedTargetError

ALIASES: Mapping[str, str] = {
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "cloudwatch": "cloudwatch",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "eventbridge": "events",
    "sagemakerruntime": "sagemaker-runtime",
    "secretsmanager": "secretsmanager",
}
"""Names of services in `aws-sdk` integrations that differ from botocore's."""


def service_of(name: str) -> str:
    """Botocore's name of a service that an `aws-sdk` integration names."""
    return ALIASES.get(name.lower(), name.lower())


def call(clients: Clients, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
    """Calls an operation (`startExecution` of `sfn`); the first letters of the parameters may be of either case.

    Raises:
        UnsupportedTargetError: when the service has no such operation.
    """
    client = clients.client(service_of(service))
    method = xform_name(operation[:1].upper() + operation[1:])
    if not hasattr(client, method):
        raise UnsupportedTargetError(f"service {service!r} has no operation {operation!r}")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {name.lower(): name for name in shape.members} if shape is not None else {}
    return getattr(client, method)(**{members.get(name.lower(), name): value for name, value in parameters.items()})
