"""The secret of the application's role."""

from __future__ import annotations

import json
from collections.abc import Mapping

from functions.shared.aws.calls import Service
from functions.shared.tasks import WorkError


def credentials(arn: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """User name and password of a secret in the form that RDS Proxy reads.

    Raises:
        WorkError: the secret has another form.
    """
    answer = Service("secretsmanager", environ, timeout_s=5).call("GetSecretValue", {"SecretId": arn})
    try:
        found = json.loads(answer["SecretString"])
        return str(found["username"]), str(found["password"])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkError(f'secret {arn}: its form is wrong; give it {{"username": …, "password": …}}') from error
