"""What stands before the platform: CloudFront, certificates, names, load balancers, accelerators."""

from __future__ import annotations

from sandbox.recipes.edge import balancing, delivery

ROWS = {**delivery.ROWS, **balancing.ROWS}
