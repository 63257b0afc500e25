"""Mark: the secret header by which the API's firewall knows a request that came through the site's address."""

from __future__ import annotations

from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import secretsmanager


class MarkArgs(TypedDict):
    """What the mark needs."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the secret."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the secret; true by default."""


class Mark(pulumi.ComponentResource):
    """A random text that CloudFront adds to what it sends to the API, and that nobody else knows.

    CloudFront overwrites whatever a caller sends under the header's name.

    Behind CloudFront every caller has the address of an edge. The site's firewall has limited the caller's rate and
    country already, so the API's firewall leaves both out for marked requests.
    """

    secret: secretsmanager.Secret
    """Holds the text."""
    value: Output[str]
    """The text, a secret."""

    def __init__(self, name: str, args: MarkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Mark", name, {}, opts)
        self.secret = secretsmanager.Secret(
            f"{name}-secret",
            description=f"Header by which {args['name_prefix']}'s API knows requests of its site",
            kms_key_id=args["key_arn"],
            # Made again at will: it opens nothing, and no data depends on it.
            recovery_window_in_days=7,
            opts=ResourceOptions(parent=self, protect=args.get("protect", True)),
        )
        invented = secretsmanager.get_random_password_output(
            password_length=48, exclude_punctuation=True, opts=pulumi.InvokeOptions(parent=self)
        )
        version = secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=self.secret.id,
            secret_string=Output.secret(invented.random_password),
            # Secrets Manager invents another text on each run; the first one is kept.
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        self.value = Output.secret(version.secret_string.apply(lambda text: text or ""))
        self.register_outputs({"secret_arn": self.secret.arn})
