"""What the predictions function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The endpoint, the tables, the cache, and whose tokens count."""

    endpoint_name: str
    """SageMaker endpoint that answers."""
    models_table: str
    """Table of trained models; read for `GET /ml/model-info` only."""
    predictions_table: str
    """Table that each new prediction is written to."""
    cache_host: str
    """Primary address of the prediction cache."""
    cache_port: int
    """Port of the prediction cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
    user_pool_id: str
    """User pool whose tokens count."""
    client_id: str
    """App client whose tokens count."""
    cache_connect_timeout_ms: int = 50
    """Longest that one call waits for the cache altogether, a new connection included."""
    cache_timeout_ms: int = 40
    """Longest wait for one answer on an open connection."""
    cache_slow_ms: int = 5
    """Three answers in a row slower than this put the cache aside until it is quick again."""
    cache_ttl_s: int = 3600
    """How long a prediction is kept."""
    live_ttl_s: int = 60
    """How long a live version learned from the model itself is kept in the cache."""
    live_memory_ms: int = 1000
    """How long a process remembers the live version without asking the cache."""
    model_timeout_ms: int = 20000
    """Longest wait for the model; with all other waits it stays below the 29 s of API Gateway."""
    record_timeout_ms: int = 2000
    """Longest wait for the write of a prediction."""
    cors_origin: str = "*"
    """Origin whose pages may read answers; tokens travel in a header, never in a cookie, so any is safe."""
