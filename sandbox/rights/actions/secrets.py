"""Secrets Manager."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, one
from sandbox.rights.actions.keys import by_service


def secret(call: Call, state: State) -> str:
    """The ARN of a secret that a parameter names by ARN or name; without its six last letters where there is none."""
    name = call.text("SecretId")
    return state.find("secret", name) or (
        name if name.startswith("arn:") else call.arn("secretsmanager", f"secret:{name}")
    )


def _on_secret(operation: str, *keyed: str) -> Row:
    """An operation on a secret, for which Secrets Manager asks these actions of its key."""

    def row(call: Call, state: State) -> Iterable[Need]:
        arn = secret(call, state)
        facts = {
            **one("secretsmanager:secretid", arn),
            **one("secretsmanager:versionid", call.params.get("VersionId")),
            **one("secretsmanager:versionstage", call.params.get("VersionStage")),
        }
        yield Need(f"secretsmanager:{operation}", (arn,), facts)
        yield from by_service(call, state.key_of(arn), "secretsmanager", keyed, SecretARN=arn)

    return row


SECRETS: Final[Table] = {
    "DescribeSecret": _on_secret("DescribeSecret"),
    "GetRandomPassword": anything("secretsmanager:GetRandomPassword"),
    "GetSecretValue": _on_secret("GetSecretValue", "Decrypt"),
    "ListSecretVersionIds": _on_secret("ListSecretVersionIds"),
    "ListSecrets": anything("secretsmanager:ListSecrets"),
    "PutSecretValue": _on_secret("PutSecretValue", "GenerateDataKey", "Decrypt"),
    "RotateSecret": _on_secret("RotateSecret"),
    "UpdateSecretVersionStage": _on_secret("UpdateSecretVersionStage"),
}
