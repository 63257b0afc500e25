"""What the release function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The endpoint, the models and the cache."""

    models_table: str
    """Table of trained models."""
    endpoint_name: str
    """SageMaker endpoint that was updated."""
    cache_host: str
    """Primary address of the prediction cache."""
    cache_port: int
    """Port of the prediction cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
    live_ttl_s: int = 2592000
    """How long the cache names the live version; refreshed by each release."""
    model_timeout_ms: int = 20000
    """Longest wait for the answer to the smoke test."""
