"""What the records function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.database.settings import DatabaseSettings
from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings, DatabaseSettings):
    """The database, beside whose tokens count."""
