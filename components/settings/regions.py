"""The regions that AWS has, so that a name that only looks like one is refused."""

from __future__ import annotations

import difflib
from typing import Final

REGIONS: Final = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1"),
    *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2"),
    *("us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"),
)
"""By name; a new region of AWS is added here."""

WALLED: Final = ("cn-", "us-gov-")
"""How regions begin that stand apart from all others: accounts, ARNs and copies end at their border."""


def together(first: str, second: str) -> bool:
    """Whether two regions have the same accounts, so that one can copy to the other."""
    return [first.startswith(wall) for wall in WALLED] == [second.startswith(wall) for wall in WALLED]


def region_problems(region: str) -> list[str]:
    """What is wrong with the name of a region, without the name of its setting; nothing for a region of AWS."""
    if region in REGIONS:
        return []
    near = difflib.get_close_matches(region, REGIONS, n=1, cutoff=0.6)
    remedy = f"set it to {near[0] if near else 'us-east-1'}"
    return [f"is {repr(region) if region else 'missing'}; allowed: a region of AWS such as us-east-1; {remedy}"]
