"""What a training workflow is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from pulumi import Input

from components.ml_endpoint.hosting import HostingShape


class KeyArns(TypedDict):
    """KMS keys by class of data."""

    data: Input[str]
    """Of the raw and processed buckets and of the models table."""
    models: Input[str]
    """Of the models bucket and of the jobs' volumes."""
    logs: Input[str]
    """Of log groups and function environments."""
    secrets: Input[str]
    """Of the cache's secret."""
    notifications: Input[str]
    """Of the topic and the queue; its policy must let EventBridge use it."""


class Cache(TypedDict):
    """The prediction cache, which a release tells the live version."""

    host: Input[str]
    """Primary address."""
    port: Input[int]
    """Port, which speaks TLS."""
    secret_arn: Input[str]
    """Secret with its password."""


class TrainingWorkflowArgs(TypedDict):
    """What a training workflow needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of every physical name, such as `mlplatform-dev`."""
    keys: KeyArns
    """KMS keys."""
    raw_bucket: Input[str]
    """Bucket that data is uploaded to, below `uploads/`; it must tell EventBridge."""
    processed_bucket: Input[str]
    """Bucket for the split data."""
    models_bucket: Input[str]
    """Bucket for code, models, checkpoints and evaluations."""
    models_table: Input[str]
    """Name of the table of models."""
    cache: Cache
    """The prediction cache."""
    endpoint_name: str
    """Endpoint that promotions update."""
    image: Input[str]
    """Image that trains and serves."""
    hosting: HostingShape
    """What versions share (`MlEndpoint.hosting`)."""
    code_path: str
    """Local sourcedir.tar.gz of the training code."""
    code_digest: str
    """Its SHA-256; other code on the same data is another training."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each function; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Layers of the functions."""
    memory_mb: NotRequired[int]
    """Memory of each function; 512 by default."""
    subnet_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Private subnets of the release function (which talks to the cache) and, on `private_jobs`, of the jobs."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Their security groups."""
    private_jobs: NotRequired[bool]
    """Whether jobs run in the subnets too; they are isolated from any network in both cases. False by default."""
    log_days: NotRequired[int]
    """How long logs are kept; 30 by default."""
    emails: NotRequired[Sequence[str]]
    """Addresses that hear how trainings ended."""
    schedule: NotRequired[str]
    """When the newest data is trained by itself; on the first of the month at 3:00 UTC by default."""
    active: NotRequired[bool]
    """Whether uploads, calendar and decisions start executions; true by default. A second region waits without."""
    target_column: NotRequired[str]
    """Column that is predicted; `target` by default."""
    metric: NotRequired[str]
    """Figure that decides; `f1` by default."""
    threshold: NotRequired[float]
    """What the figure must reach; 0.7 by default."""
    algorithms: NotRequired[Sequence[str]]
    """Algorithms that compete; all three by default."""
    processing_instance_type: NotRequired[str]
    """Instance of preprocess and evaluate; ml.m5.large by default."""
    training_instance_type: NotRequired[str]
    """Instance of the training; ml.m5.xlarge by default."""
    spot: NotRequired[bool]
    """Whether trainings run on spare capacity; true by default."""
    max_runtime_s: NotRequired[int]
    """Longest run of a job; 3,600 by default."""
    max_wait_s: NotRequired[int]
    """Longest wait for spare capacity and run together; 7,200 by default."""
    max_size_mb: NotRequired[int]
    """Largest data file; 1,024 by default."""
    automatic_approval: NotRequired[bool]
    """Whether a model that passes goes live without a person; false by default."""
    tags: NotRequired[Mapping[str, str]]
    """Tags of what executions make."""


METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")
ALGORITHMS = ("logistic_regression", "random_forest", "xgboost")


def problems(args: TrainingWorkflowArgs) -> list[str]:
    """Everything that AWS or the training would refuse, each with what is allowed."""
    found = []
    if ("subnet_ids" in args) != ("security_group_ids" in args):
        found.append("subnet_ids and security_group_ids must be given together; give both or none")
    if args.get("private_jobs", False) and "subnet_ids" not in args:
        found.append("private_jobs needs subnet_ids; give them or set private_jobs to false")
    if args.get("metric", "f1") not in METRICS:
        found.append(f"metric is {args.get('metric')!r}; allowed: {', '.join(METRICS)}")
    if not 0 <= args.get("threshold", 0.7) <= 1:
        found.append(f"threshold is {args.get('threshold')}; allowed: 0 to 1")
    algorithms = args.get("algorithms", ALGORITHMS)
    wrong = [name for name in algorithms if name not in ALGORITHMS]
    if wrong or not algorithms:
        found.append(f"algorithms is {list(algorithms)}; allowed: one or more of {', '.join(ALGORITHMS)}")
    runtime_s, wait_s = args.get("max_runtime_s", 3600), args.get("max_wait_s", 7200)
    if not 60 <= runtime_s <= 432_000:
        found.append(f"max_runtime_s is {runtime_s}; allowed: 60 to 432000 (five days, as long as processing may run)")
    if args.get("spot", True) and wait_s < runtime_s:
        found.append(f"max_wait_s is {wait_s}; allowed: max_runtime_s ({runtime_s}) or more, as it includes the run")
    if len(args.get("tags", {})) > 50:
        found.append(f"tags has {len(args.get('tags', {}))} entries; allowed: at most 50")
    return found
