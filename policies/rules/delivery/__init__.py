"""The network, and what stands before it: CloudFront, certificates, load balancers."""

from __future__ import annotations

from policies.rules.delivery import balancing, cloudfront, network

__all__ = ["FRONT", "network"]

FRONT = (*cloudfront.RULES, *balancing.RULES)
"""The rules about what stands before the network."""
