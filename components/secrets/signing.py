"""SigningSecret: keys that the platform signs its own messages with, several of them good while they change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import secretsmanager
from components.secrets import rights
from components.values import Statement


class SecretReplica(TypedDict):
    """Another region that has a copy of the secret."""

    region: str
    """Such as `us-west-2`."""
    key_arn: Input[str]
    """KMS key of that region which encrypts the copy."""


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
    replicas: NotRequired[Sequence[SecretReplica]]
    """Regions with a copy: who checks a signature need not know which region made it. None by default."""
    replica_of: NotRequired[Input[str]]
    """ARN of another region's secret that has a replica here, which is used in place of one of its own."""
    region: NotRequired[str]
    """This region; needed with `replica_of`."""


class SigningSecret(pulumi.ComponentResource):
    """A key ring of functions.shared.signing with one first key; its rotation adds the others."""

    secret: secretsmanager.Secret | None
    """Holds `{"keys": [{"id", "secret"}, …]}`, the newest first; None where another region's has its replica here."""
    secret_arn: Output[str]
    """Its ARN in this region."""

    def __init__(self, name: str, args: SigningSecretArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SigningSecret", name, {}, opts)
        recovery_days = args.get("recovery_days", 30)
        if not 7 <= recovery_days <= 30:
            raise ValueError(f"SigningSecret {name!r}: recovery_days is {recovery_days}; allowed: 7 to 30; change it")
        self._key_arn = args["key_arn"]
        origin, region = args.get("replica_of"), args.get("region", "")
        if origin is not None:
            if not region or "replicas" in args:
                raise ValueError(
                    f"SigningSecret {name!r}: region is {region!r} with replica_of; allowed: a region, and no "
                    "replicas; change it"
                )
            self.secret = None
            # A replica has the same name and the same six letters behind it.
            self.secret_arn = Output.from_input(origin).apply(lambda arn: _moved(arn, region))
            self.register_outputs({"secret_arn": self.secret_arn})
            return
        replicas: list[Any] = [
            {"region": replica["region"], "kms_key_id": replica["key_arn"]} for replica in args.get("replicas", [])
        ]
        self.secret = secretsmanager.Secret(
            f"{name}-secret",
            description=f"Keys that sign {args['purpose']}",
            kms_key_id=args["key_arn"],
            recovery_window_in_days=recovery_days,
            replicas=replicas or None,
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
        self.secret_arn = self.secret.arn
        self.register_outputs({"secret_arn": self.secret_arn})

    def may_sign(self) -> list[Statement]:
        """The right to read the keys."""
        return rights.read("SigningKeys", self.secret_arn, self._key_arn)


def _moved(arn: str, region: str) -> str:
    *service, _, rest = arn.split(":", 4)
    return ":".join([*service, region, rest])
