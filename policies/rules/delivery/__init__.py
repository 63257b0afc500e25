"""What stands before the platform: CloudFront, certificates, load balancers."""

from __future__ import annotations

from policies.rules.delivery import balancing, cloudfront

RULES = (*cloudfront.RULES, *balancing.RULES)
"""All of them."""
