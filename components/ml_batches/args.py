"""What batch predictions are told, what they refuse, and what they give to the door in front of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

from pulumi import Input

from components.values import Statement

_PREFIX_LENGTH: Final = 24


class BatchKeys(TypedDict):
    """KMS keys by class of data."""

    data: Input[str]
    """Of rows, results and record."""
    logs: Input[str]
    """Of log groups and function environments."""
    notifications: Input[str]
    """Of the queues."""


class BatchDoor(TypedDict):
    """What the function behind the batch routes is given (`MlBatches.door`)."""

    batches_table: Input[str]
    """Name of the record."""
    bucket: Input[str]
    """Bucket of rows and results."""
    queue_url: Input[str]
    """Queue of the work."""
    endpoint_rows: int
    """Largest batch that the endpoint answers."""
    keep_days: int
    """How long a batch is on record."""
    largest_body_kb: int
    """Largest body of a request."""
    statements: Sequence[Statement]
    """Rights to the record, the files and the queue."""


class MlBatchesArgs(TypedDict):
    """What batch predictions need; the rest has secure defaults."""

    name_prefix: str
    """Beginning of every physical name, such as `mlplatform-dev`; 24 characters at most."""
    keys: BatchKeys
    """KMS keys."""
    batches_table: Input[str]
    """Name of the record: key `batchId`, index `UserIndex`."""
    batches_table_arn: Input[str]
    """Its ARN."""
    bucket: Input[str]
    """Bucket of rows and results, which encrypts by the key of data."""
    files: Sequence[Statement]
    """Rights to read and write below `results/batch/` there."""
    endpoint_name: str
    """Endpoint that answers small batches, and whose model runs over large ones."""
    configurations: Sequence[str]
    """Patterns of the names of the endpoint's configurations."""
    model_role: Input[str]
    """Name of the role of the endpoint's models, which gets the rights that a transform needs."""
    image: Input[str]
    """Image of the models' container."""
    secret_arn: Input[str]
    """Secret with the keys that callbacks are signed by."""
    signing: Sequence[Statement]
    """Right to read it."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each function; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Layers of the functions."""
    memory_mb: NotRequired[int]
    """Memory of each function; 512 by default."""
    log_days: NotRequired[int]
    """How long logs are kept; 30 by default."""
    endpoint_rows: NotRequired[int]
    """Batches of at most so many rows are answered by the endpoint; 1,000 by default, 0 leaves all to transforms."""
    instance_type: NotRequired[str]
    """Instance of a transform; ml.m5.xlarge by default."""
    largest_body_kb: NotRequired[int]
    """Largest body of a request for a batch, 16 to 5,120; 3,072 by default. A function takes 6 MB, in which each quote
    of the body counts twice."""
    most_transforms: NotRequired[int]
    """Transforms at once, 1 to 100; 10 by default, the others wait."""
    workers: NotRequired[int]
    """Messages that are worked on at once, 2 to 1,000; 5 by default. The endpoint has to bear so many more calls."""
    callback_tries: NotRequired[int]
    """How often a callback is tried, 1 to 10, with waits that double from 30 s on; 8 by default."""
    keep_days: NotRequired[int]
    """How long a batch is on record; 30 by default."""


def validate(name: str, args: MlBatchesArgs) -> None:
    """Raises ValueError with everything that would not work."""
    limits = {
        "endpoint_rows": (1000, 0, 10_000),
        "largest_body_kb": (3072, 16, 5120),
        "most_transforms": (10, 1, 100),
        "workers": (5, 2, 1000),
        "callback_tries": (8, 1, 10),
        "keep_days": (30, 1, 3650),
    }
    given: Any = args
    problems = [
        f"{key} is {given.get(key, default)}; allowed: {low} to {high}; change it"
        for key, (default, low, high) in limits.items()
        if not low <= given.get(key, default) <= high
    ]
    if len(args["name_prefix"]) > _PREFIX_LENGTH:
        # A job's name has 63 characters: prefix, `-batch-` and 32 digits.
        problems.append(f"name_prefix is {args['name_prefix']!r}; allowed: {_PREFIX_LENGTH} characters; shorten it")
    if problems:
        raise ValueError(f"MlBatches {name!r}: " + "; ".join(problems))
