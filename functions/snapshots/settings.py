"""What the snapshots function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The cluster, and where copies of it go."""

    cluster: str
    """Identifier of the cluster, in the function's own region."""
    name_prefix: str
    """Beginning of the names of its snapshots, in both regions."""
    region: str
    """Region of the cluster."""
    other_region: str
    """Region that snapshots are copied to."""
    other_key_arn: str
    """KMS key there, which encrypts the copies."""
    every_min: int
    """How long after one snapshot the next one begins."""
    kept: int = 3
    """Copies that are kept in the other region."""
