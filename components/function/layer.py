"""Layer: the packages that functions share."""

from __future__ import annotations

from typing import TypedDict

import pulumi
from pulumi import Output, ResourceOptions

from components.aws import lambda_


class LayerArgs(TypedDict):
    """What a layer is made of."""

    layer_name: str
    """Physical name, such as `mlplatform-dev-packages`."""
    archive: str
    """Path of layer.zip, whose root is `python/`."""


class Layer(pulumi.ComponentResource):
    """One version of the packages for Python 3.13 on arm64; other packages become another version."""

    arn: Output[str]
    """ARN of the version."""

    def __init__(self, name: str, args: LayerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Layer", name, {}, opts)
        self.version = lambda_.LayerVersion(
            f"{name}-version",
            layer_name=args["layer_name"],
            code=pulumi.FileArchive(args["archive"]),
            compatible_architectures=["arm64"],
            compatible_runtimes=["python3.13"],
            description="Packages that the functions share",
            # A version in use by an older function version must outlive it.
            skip_destroy=True,
            opts=ResourceOptions(parent=self),
        )
        self.arn = self.version.arn
        self.register_outputs({"arn": self.arn})
