"""The values that the state machine's document is written from, all known when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

State = dict[str, Any]
"""One state of the Amazon States Language."""

PROCESSING_ROOT: Final = "/opt/ml/processing"
CODE_ARCHIVE: Final = "sourcedir.tar.gz"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the workflow of one stack refers to."""

    functions: Mapping[str, str]
    """Alias ARN of each function: intake, compare, release."""
    image: str
    """Image of training and processing."""
    role_arn: str
    """Role of the jobs."""
    key_arn: str
    """KMS key of outputs and volumes."""
    code_uri: str
    """S3 address of the training code, below a folder of its own."""
    models_table: str
    """Table of models."""
    model_package_group: str
    """Model package group that versions join."""
    topic_arn: str
    """Topic that hears how an execution ended."""
    endpoint_name: str
    """Endpoint that a promotion updates."""
    hosting: Mapping[str, Any]
    """What each model and endpoint configuration shares (components.ml_endpoint.HostingShape)."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """`VpcConfig` of the jobs, or nothing."""
    target_column: str = "target"
    """Column that is predicted."""
    metric: str = "f1"
    """Metric that chooses among algorithms."""
    algorithms: str = "logistic_regression,random_forest,xgboost"
    """Algorithms that a training compares."""
    seed: int = 42
    """Seed of split and training."""
    processing_instance_type: str = "ml.m5.large"
    """Instance of preprocess and evaluate."""
    training_instance_type: str = "ml.m5.xlarge"
    """Instance of the training."""
    volume_gb: int = 30
    """Volume of each job."""
    max_runtime_s: int = 3600
    """Longest run of a job."""
    max_wait_s: int = 7200
    """Longest wait and run of a spot training."""
    spot: bool = True
    """Whether trainings run on spare capacity."""
    automatic_approval: bool = False
    """Whether a registered version is approved at once."""
    approval_s: int = 7 * 24 * 3600
    """How long a version waits for its approval."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of jobs, models and configurations, for cost allocation."""

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The tags as SageMaker takes them, in a stable order."""
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())]
