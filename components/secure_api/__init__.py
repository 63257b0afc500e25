"""The secure API: one REST API from one document, its users, its functions and its firewall."""

from __future__ import annotations

from components.secure_api.args import STAGE, SecureApiArgs, TrustedPool
from components.secure_api.component import SecureApi

__all__ = ["STAGE", "SecureApi", "SecureApiArgs", "TrustedPool"]
