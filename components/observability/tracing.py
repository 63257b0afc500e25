"""Which requests X-Ray traces: a rule for the API, in place of X-Ray's own for all services."""

from __future__ import annotations

from typing import Final, TypedDict

from pulumi import Input, ResourceOptions

from components.aws import xray

PRIORITY: Final = 1000
"""Rules are tried from the lowest number on; X-Ray's own is the last, with 10,000."""
LONGEST_NAME: Final = 32


class Traced(TypedDict):
    """Of which service how many requests are traced."""

    service: Input[str]
    """Name of the API and its stage, such as `mlplatform-dev-api/api`."""
    per_second: int
    """Requests a second that are traced in any case."""
    percent: float
    """Share of the others."""


def sample(name: str, prefix: str, traced: Traced, opts: ResourceOptions) -> xray.SamplingRule:
    """The rule. Functions follow what the gateway decided; what calls them by itself has X-Ray's own rule."""
    return xray.SamplingRule(
        f"{name}-sampling",
        rule_name=f"{prefix}-api",
        priority=PRIORITY,
        version=1,
        reservoir_size=traced["per_second"],
        fixed_rate=traced["percent"] / 100,
        service_name=traced["service"],
        service_type="AWS::ApiGateway::Stage",
        host="*",
        http_method="*",
        url_path="*",
        resource_arn="*",
        opts=opts,
    )


def problems(prefix: str, traced: Traced) -> list[str]:
    """What X-Ray would refuse."""
    found = []
    if len(f"{prefix}-api") > LONGEST_NAME:
        found.append(f"name_prefix is {prefix!r}; allowed: {LONGEST_NAME - 4} characters, by which a rule is named")
    if traced["per_second"] < 0:
        found.append(f"traced.per_second is {traced['per_second']}; allowed: 0 or more")
    if not 0 <= traced["percent"] <= 100:
        found.append(f"traced.percent is {traced['percent']:g}; allowed: 0 to 100")
    return found
