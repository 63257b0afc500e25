"""Secrets that change by themselves: what rotates them, and a signing key of the platform's own."""

from __future__ import annotations

from components.secrets.rotation import Rotation, RotationArgs
from components.secrets.signing import SecretReplica, SigningSecret, SigningSecretArgs

__all__ = ["Rotation", "RotationArgs", "SecretReplica", "SigningSecret", "SigningSecretArgs"]
