"""Settings of the relational database, and what must hold between them."""

from __future__ import annotations

from dataclasses import dataclass

from components.settings.reading import matching, ranged


@dataclass(frozen=True, kw_only=True)
class Database:
    """The relational database."""

    enabled: bool = True
    """Whether there is one; without it nothing that needs it is deployed."""
    engine_version: str = matching("16.8", r"(16|17)\.\d{1,2}", "a version of Aurora PostgreSQL such as 16.8")
    """What a new cluster begins with; AWS raises the minor version by itself."""
    min_capacity: float = ranged(0.5, 0.5, 256)
    """Capacity units (2 GiB of memory each) that are always there, in halves.

    A cluster that may go down to 0 pauses only without connections, and the proxy always keeps some.
    """
    max_capacity: float = ranged(2.0, 1, 256)
    """Capacity units that it may grow to, in halves."""
    replicas: int = ranged(0, 0, 15)
    """Readers beside the writer; the first takes over when the writer fails."""
    backup_days: int = ranged(30, 1, 35)
    """How far back it can be restored to any second."""

    def problems(self) -> list[str]:
        """What AWS would refuse."""
        found = [
            f"database.{key} is {value}; allowed: steps of 0.5; round it"
            for key, value in (("minCapacity", self.min_capacity), ("maxCapacity", self.max_capacity))
            if value % 0.5
        ]
        if self.max_capacity < self.min_capacity:
            found.append(
                f"database.maxCapacity is {self.max_capacity} with minCapacity {self.min_capacity}; allowed: at least "
                "minCapacity; raise it"
            )
        return found
