"""How each kind of secret is rotated, from the function's settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from functions.rotation.cache import CacheToken, ReplicationGroup
from functions.rotation.logic import Kind
from functions.rotation.settings import Settings
from functions.rotation.signing import SigningKeys
from functions.shared.settings import SettingsError


def _cache(settings: Settings) -> Kind:
    missing = [name for name in ("cache_group", "cache_host") if not getattr(settings, name)]
    if missing:
        names = ", ".join(name.upper() for name in missing)
        raise SettingsError(f"{names}: missing for the kind cache; set it in the function's environment")
    return CacheToken(ReplicationGroup(settings.cache_group, settings.cache_host, settings.cache_port))


def _database(settings: Settings) -> Kind:
    # The driver is in a layer of its own, which the functions of other kinds do not have.
    from functions.rotation.database import DatabasePassword, through

    missing = [name for name in ("database_host", "database_name", "database_user") if not getattr(settings, name)]
    if missing:
        names = ", ".join(name.upper() for name in missing)
        raise SettingsError(f"{names}: missing for the kind database; set it in the function's environment")
    sign_in = through(settings.database_host, settings.database_port, settings.database_name, os.environ)
    return DatabasePassword(sign_in, settings.database_user)


KINDS: Mapping[str, Callable[[Settings], Kind]] = {
    "cache": _cache,
    "database": _database,
    "signing": lambda settings: SigningKeys(settings.overlap_days),
}
"""Per kind of secret: how it is rotated."""
