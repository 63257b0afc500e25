"""The pack as the CLI starts it, shared by the tests that speak to it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2_grpc

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 400 << 20
"""Of one message, as the CLI allows."""


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """The folder run as the CLI runs it: as a script, from elsewhere, its port on the first line."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(ROOT / "policies")],
        cwd=ROOT / "docs",
        stdout=subprocess.PIPE,
        text=True,
    )
    grpc = importlib.import_module("grpc")  # has no type information
    options = [("grpc.max_receive_message_length", MOST_BYTES), ("grpc.max_send_message_length", MOST_BYTES)]
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.kill()
        process.communicate()
