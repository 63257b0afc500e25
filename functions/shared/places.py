"""Where things lie in the data lake: one name for each prefix of its four buckets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UPLOADS: Final = "uploads/"
EXTERNAL: Final = "external/"

TRAIN: Final = "train/"
VALIDATION: Final = "validation/"
TEST: Final = "test/"
STATISTICS: Final = "statistics/"
FEATURES: Final = "features/"
BATCH_RESULTS: Final = "results/batch/"
FOLDERS: Final = "users/"
PUBLIC: Final = "public/"

TRAINING: Final = "training/"
CHECKPOINTS: Final = "training/checkpoints/"
PRODUCTION: Final = "production/"
ARCHIVE: Final = "archive/"
METADATA: Final = "metadata/"
CODE: Final = "code/"

TRAINING_LOGS: Final = "training/"
INFERENCE_LOGS: Final = "inference/"
API_LOGS: Final = "api/"
LOAD_BALANCER_LOGS: Final = "api/load-balancer/"
SITE_LOGS: Final = "api/site/"
SYSTEM_LOGS: Final = "system/"
LAMBDA_LOGS: Final = "lambda/"
SAGEMAKER_LOGS: Final = "sagemaker/"
ACCESS_LOGS: Final = "system/access/"
INVENTORY: Final = "system/inventory/"

LAYOUT: Final[Mapping[str, Mapping[str, str]]] = {
    "raw": {
        UPLOADS: "files of users; each new one starts a training",
        EXTERNAL: "data of other systems; nothing starts by itself",
    },
    "processed": {
        TRAIN: "rows that models learn from, a folder a run",
        VALIDATION: "rows that choose between models, a folder a run",
        TEST: "rows that no training sees, a folder a run",
        STATISTICS: "what describes the training rows, a folder a run",
        FEATURES: "kept free for derived features",
        BATCH_RESULTS: "rows, answers and results of batches, a folder a batch",
        FOLDERS: "a folder for each user, named by the user's id, which nobody else reaches",
        PUBLIC: "what guests may read where the settings let them in",
    },
    "models": {
        TRAINING: "what trainings made, a folder a job",
        CHECKPOINTS: "half-done trainings, which a second try goes on from",
        PRODUCTION: "what the endpoint serves or has served",
        ARCHIVE: "models that were taken out of service, by hand so far",
        METADATA: "figures of each run",
        CODE: "the training code",
    },
    "logs": {
        TRAINING_LOGS: "kept free for exports of the training workflow's log group",
        INFERENCE_LOGS: "captured requests and answers of the endpoint",
        API_LOGS: "access logs of what stands in front of the API, by kind",
        LOAD_BALANCER_LOGS: "access logs of the load balancer",
        SITE_LOGS: "access logs of the site's distribution",
        SYSTEM_LOGS: "logs that AWS services deliver, by kind",
        ACCESS_LOGS: "who read and wrote the other buckets",
        INVENTORY: "what lies in the other buckets, listed every week",
        LAMBDA_LOGS: "kept free for exports of the functions' log groups",
        SAGEMAKER_LOGS: "kept free for exports of the jobs' and endpoints' log groups",
    },
}
"""Bucket → prefix → what lies below it. Each ends with a slash: `training/` is no beginning of `training-old/`."""
