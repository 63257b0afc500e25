"""What the predictions function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The endpoint, the tables and the cache, beside whose tokens count."""

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
    cache_connect_timeout_ms: int = 50
    """Longest that one call waits for the cache altogether, a new connection included."""
    cache_timeout_ms: int = 40
    """Longest wait for one answer on an open connection."""
    cache_slow_ms: int = 5
    """After an answer that took longer, the next one is waited for no longer than this, and puts the cache aside if it
    has not come."""
    cache_ttl_s: int = 3600
    """How long a prediction is kept."""
    recent_predictions: int = 1000
    """How many predictions a process remembers by itself until it asks for the live version again; 0 for none."""
    live_ttl_s: int = 60
    """How long a live version learned from the model itself is kept in the cache."""
    live_memory_ms: int = 1000
    """How long a process remembers the live version, and predictions of it, without asking the cache."""
    model_timeout_ms: int = 20000
    """Longest wait for the model; with all other waits it stays below the 29 s of API Gateway."""
    record_timeout_ms: int = 2000
    """Longest wait for the write of a prediction."""
