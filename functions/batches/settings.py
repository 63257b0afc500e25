"""What the batches function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """Record, files and queue of batches, beside whose tokens count."""

    batches_table: str
    """Table of batches."""
    bucket: str
    """Bucket that holds questions and results, below `results/batch/`."""
    queue_url: str
    """Queue of the work."""
    endpoint_rows: int = 1000
    """Batches of at most so many rows are answered by the endpoint; larger ones by a transform."""
    keep_days: int = 30
    """How long a batch is on record."""
    url_s: int = 900
    """How long an address of results is good."""
