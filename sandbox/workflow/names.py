"""Names in state machines: services, operations, and the errors that a failed call gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from sandbox.events.targets import service_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")


class NoSuchOperationError(ValueError):
    """A state machine names a service or an operation that AWS does not have."""


@cache
def service_model(name: str) -> ServiceModel:
    """Botocore's description of a service by its name in state machines (`sagemakerruntime`, `sfn`, `dynamodb`).

    Raises:
        NoSuchOperationError: for an unknown service.
    """
    boto_name = service_of(name)
    try:
        return ServiceModel(Loader().load_service_model(boto_name, "service-2"), boto_name)
    except UnknownServiceError as error:
        raise NoSuchOperationError(f"service {name!r} is unknown") from error


def operation_model(service: str, action: str) -> OperationModel:
    """Botocore's description of an operation by its name in state machines (`createModelPackage`, `updateItem`).

    Raises:
        NoSuchOperationError: for an unknown service or operation.
    """
    model = service_model(service)
    names = {name.lower(): name for name in model.operation_names}
    found = names.get(action.lower())
    if found is None:
        raise NoSuchOperationError(f"service {service!r} has no operation {action!r}")
    return model.operation_model(found)


def method_name(service: str, action: str) -> str:
    """The method of a boto3 client for an operation."""
    return str(xform_name(operation_model(service, action).name))


def error_prefix(service: str) -> str:
    """What the errors of an `aws-sdk` integration begin with: the name of the Java client (`SageMaker`, `DynamoDb`)."""
    identity = str(service_model(service).metadata["serviceId"])
    return "".join(word[:1].upper() + word[1:].lower() for word in _WORD.findall(identity))


def native_error(service: str, code: str) -> str:
    """The error name of an optimized integration: modelled errors by name, others by the service's general one.

    Args:
        service: `sagemaker`.
        code: the code of the answer (`ResourceLimitExceeded`, `ValidationException`).
    """
    prefix = error_prefix(service)
    modelled = {str(shape.name) for shape in service_model(service).error_shapes}
    if code in modelled:
        return f"{prefix}.{code if code.endswith('Exception') else code + 'Exception'}"
    return f"{prefix}.Amazon{prefix}Exception"


def cause_of(response: Mapping[str, Any], service: str) -> str:
    """The cause of a failed call, with the facts that AWS appends."""
    error, meta = response["Error"], response["ResponseMetadata"]
    facts = [
        f"Service: Amazon{error_prefix(service)}",
        f"Status Code: {meta.get('HTTPStatusCode')}",
        f"Error Code: {error['Code']}",
        f"Request ID: {meta.get('RequestId', '')}",
    ]
    return f"{error['Message']} ({'; '.join(facts)})"
