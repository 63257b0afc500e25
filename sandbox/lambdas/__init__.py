"""Declared Lambda functions, run by AWS's own runtime client from the deployed archives."""

from __future__ import annotations

from sandbox.lambdas.functions import Functions
from sandbox.lambdas.instance import Invocation
from sandbox.lambdas.plan import FunctionError, NoSuchFunctionError, PayloadTooLargeError, ThrottledError

__all__ = [
    "FunctionError",
    "Functions",
    "Invocation",
    "NoSuchFunctionError",
    "PayloadTooLargeError",
    "ThrottledError",
]
