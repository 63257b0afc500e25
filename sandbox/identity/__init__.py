"""What user pools do and moto does not: own keys, lifetimes, codes, second factors, triggers, token endpoint."""

from __future__ import annotations

from sandbox.identity.runtime import Identities

__all__ = ["Identities"]
