"""The secret of the application's role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from functions.shared.tasks import WorkError


class Vault(Protocol):
    """Secrets Manager (functions.shared.aws.calls.Service)."""

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of an operation."""
        ...


def credentials(arn: str, vault: Vault) -> tuple[str, str]:
    """User name and password of a secret in the form that RDS Proxy reads.

    Raises:
        WorkError: the secret has another form.
    """
    answer = vault.call("GetSecretValue", {"SecretId": arn})
    try:
        found = json.loads(answer["SecretString"])
        return str(found["username"]), str(found["password"])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkError(f'secret {arn}: its form is wrong; give it {{"username": …, "password": …}}') from error
