"""SigningSecret: keys that the platform signs its own messages with, several of them good while they change."""

from __future__ import annotations

import json
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import secretsmanager

from components.secrets import rights
from components.values import Statement


class SigningSecretArgs(TypedDict):
    """What a signing secret needs; the rest has secure defaults."""

    purpose: str
    """What is signed, such as `callbacks of mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the secret."""
    recovery_days: NotRequired[int]
    """How long it can be restored after it was deleted, 7 to 30; 30 by default."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted; true by default."""


class SigningSecret(pulumi.ComponentResource):
    """A key ring of functions.shared.signing with one first key; its rotation adds the others."""

    secret: secretsmanager.Secret
    """Holds `{"keys": [{"id", "secret"}, …]}`, the newest first."""

    def __init__(self, name: str, args: SigningSecretArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SigningSecret", name, {}, opts)
        recovery_days = args.get("recovery_days", 30)
        if not 7 <= recovery_days <= 30:
            raise ValueError(f"SigningSecret {name!r}: recovery_days is {recovery_days}; allowed: 7 to 30; change it")
        self._key_arn = args["key_arn"]
        self.secret = secretsmanager.Secret(
            f"{name}-secret",
            description=f"Keys that sign {args['purpose']}",
            kms_key_id=args["key_arn"],
            recovery_window_in_days=recovery_days,
            opts=ResourceOptions(parent=self, protect=args.get("protect", True)),
        )
        invented = secretsmanager.get_random_password_output(
            password_length=64, exclude_punctuation=True, opts=pulumi.InvokeOptions(parent=self)
        )
        secret: Output[str] = Output.secret(invented.random_password)
        secretsmanager.SecretVersion(
            f"{name}-first",
            secret_id=self.secret.id,
            secret_string=secret.apply(lambda key: json.dumps({"keys": [{"id": "first", "secret": key}]})),
            # Another key is invented on each run, and rotation changes the value: the first one is declared, no more.
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        self.register_outputs({"secret_arn": self.secret.arn})

    def may_sign(self) -> list[Statement]:
        """The right to read the keys."""
        return rights.read("SigningKeys", self.secret.arn, self._key_arn)
