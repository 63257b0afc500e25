"""Settings of batch predictions."""

from __future__ import annotations

from dataclasses import dataclass

from components.settings.reading import matching, ranged


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many rows at once are answered, and how their callers hear of the end."""

    endpoint_rows: int = ranged(1000, 0, 10_000)
    """Batches of at most so many rows are answered by the endpoint; larger ones by a transform, a job of their own."""
    most_transforms: int = ranged(10, 1, 100)
    """Transforms at once; the others wait. The account's quota for the instance type must allow them."""
    instance_type: str = matching(
        "ml.m5.xlarge", r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", "a SageMaker type such as ml.m5.xlarge"
    )
    """Instance of a transform."""
    workers: int = ranged(5, 2, 1000)
    """Batches that are worked on at once; the endpoint bears so many more calls at once."""
    callback_tries: int = ranged(8, 1, 10)
    """How often a caller's address is tried, with waits that double from 30 s on."""
    largest_body_kb: int = ranged(3072, 16, 5120)
    """Largest body of a request for a batch, in place of `api.largestBodyKb`."""
    keep_days: int = ranged(30, 1, 3650)
    """How long a batch and its files are kept."""
