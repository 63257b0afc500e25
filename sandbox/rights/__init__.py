"""What IAM would decide: calls as it sees them, policies as it reads them, and its answer in its own words."""

from __future__ import annotations

from sandbox.rights.decide import Decision, decide
from sandbox.rights.grants import Grants
from sandbox.rights.policy.document import Policy
from sandbox.rights.request import Access

__all__ = ["Access", "Decision", "Grants", "Policy", "decide"]
