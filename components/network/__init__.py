"""The private network: subnets a zone, endpoints to AWS's services, security groups, flow logs, load balancer."""

from __future__ import annotations

from components.network.accelerator import Accelerator, AcceleratorArgs, AcceleratorEnd
from components.network.balancer import DoorRoute, LoadBalancer, LoadBalancerArgs
from components.network.component import Network, NetworkArgs

__all__ = [
    "Accelerator",
    "AcceleratorArgs",
    "AcceleratorEnd",
    "DoorRoute",
    "LoadBalancer",
    "LoadBalancerArgs",
    "Network",
    "NetworkArgs",
]
