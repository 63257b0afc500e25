"""The private network: subnets a zone, endpoints to AWS's services, security groups, flow logs."""

from __future__ import annotations

from components.network.component import Network, NetworkArgs

__all__ = ["Network", "NetworkArgs"]
