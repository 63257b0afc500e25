"""A secret in Secrets Manager, one of whose versions is being made."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from functions.rotation.logic import CURRENT, PENDING, State, Value
from functions.shared.aws.sdk import client, code_of
from functions.shared.tasks import WorkError


class Secret:
    """One secret."""

    def __init__(self, arn: str) -> None:
        self.arn = arn

    def state(self) -> State:
        """Its versions and labels."""
        found = client("secretsmanager").describe_secret(SecretId=self.arn)
        return State(bool(found.get("RotationEnabled")), found.get("VersionIdsToStages", {}))

    def value(self, label: str, version: str | None = None) -> Value | None:
        """What the version with a label holds; None while it holds nothing, or where there is none."""
        found = self._read(label, version)
        if found is None:
            return None
        try:
            value = json.loads(found["SecretString"])
        except (KeyError, ValueError):
            value = None
        if not isinstance(value, dict):
            # The value itself must not reach a log.
            raise WorkError(f"{self.arn} staged as {label} holds no JSON object; put one with put-secret-value")
        return value

    def keep(self, token: str, value: Value) -> None:
        """Gives a pending version its value; one that it has already stays."""
        from botocore.exceptions import ClientError

        try:
            client("secretsmanager").put_secret_value(
                SecretId=self.arn,
                ClientRequestToken=token,
                SecretString=json.dumps(dict(value), sort_keys=True),
                VersionStages=[PENDING],
            )
        except ClientError as error:
            # Another run of the same step was first.
            if code_of(error) != "ResourceExistsException":
                raise

    def promote(self, token: str, instead_of: str) -> None:
        """Moves AWSCURRENT; AWSPREVIOUS follows by itself."""
        client("secretsmanager").update_secret_version_stage(
            SecretId=self.arn, VersionStage=CURRENT, MoveToVersionId=token, RemoveFromVersionId=instead_of
        )

    def age_days(self) -> float:
        """How old the value in force is."""
        found = self._read(CURRENT, None)
        if found is None:
            raise WorkError(f"{self.arn} has no value staged as {CURRENT}; give it one")
        created: datetime = found["CreatedDate"]
        return max(0.0, (datetime.now(timezone.utc) - created).total_seconds() / 86_400)

    def _read(self, label: str, version: str | None) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        given = {"VersionId": version} if version else {}
        try:
            found: dict[str, Any] = client("secretsmanager").get_secret_value(
                SecretId=self.arn, VersionStage=label, **given
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        return found
