"""The services of AWS: `from components.aws import s3` gives `s3.Bucket` as the provider's package does, at once.

Editors and mypy see the provider's own classes (`__init__.pyi`). What runs are light ones, because importing the
provider's costs more than all else of the program; they register the same. docs/decisions/0025 tells why.
"""

from __future__ import annotations

from components.aws.service import Service


def __getattr__(name: str) -> Service:
    """A service by the name of its module in the provider's package, such as `s3` or `lambda_`."""
    if name.startswith("_"):
        raise AttributeError(name)
    found = globals()[name] = Service(name)
    return found
