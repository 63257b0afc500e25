"""Resources by their type token, with inputs as dictionaries: for services whose types `components.aws` has no row of.

Importing the classes of WAF takes half a second and 25 MB, those of Bedrock as much, for a handful of resources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws.kinds import camel
from components.aws.resource import VERSION


class Lean(pulumi.CustomResource):
    """One resource of the AWS provider.

    Args:
        token: type, such as `aws:wafv2/webAcl:WebAcl`.
        name: name in the program.
        inputs: inputs in snake_case, as the typed class takes them; keys of free maps must be lower case.
        outputs: outputs that are read, in snake_case; `out` gives them.
    """

    def __init__(
        self,
        token: str,
        name: str,
        inputs: Mapping[str, Any],
        outputs: Sequence[str] = (),
        opts: ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Input[Any] | None] = {camel(key): camels(value) for key, value in inputs.items()}
        props |= {camel(key): None for key in outputs if camel(key) not in props}
        # The typed classes name the provider's version too, so that one plugin serves all resources.
        super().__init__(token, name, props, ResourceOptions.merge(ResourceOptions(version=VERSION), opts))

    def out(self, name: str) -> Output[str]:
        """An output by its name in snake_case.

        Raises:
            KeyError: it was not asked for when the resource was made.
        """
        found: Output[str] = vars(self)[camel(name)]
        return found


def camels(value: Any) -> Any:
    """Nested data with its keys as the provider knows them."""
    if isinstance(value, Mapping):
        return {camel(key): camels(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [camels(inner) for inner in value]
    return value
