"""What the dashboard function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The tables that figures are taken from and the cache that keeps them, beside whose tokens count."""

    models_table: str
    """Table of trained models."""
    model_package_group: str
    """Model package group whose versions are counted."""
    predictions_table: str
    """Table of predictions."""
    counters_table: str
    """Table that counts each caller's tokens of the day."""
    daily_tokens: int = 200000
    """Tokens that one caller may use a day (UTC)."""
    cache_host: str
    """Primary address of the cache."""
    cache_port: int
    """Port of the cache (TLS)."""
    cache_secret_arn: str
    """Secret with `{"token": …}`, the password of the cache."""
    keep_s: int = 30
    """How long figures are kept in the cache."""
