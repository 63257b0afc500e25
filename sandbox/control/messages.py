"""`python -m sandbox messages`: the codes that user pools would have sent."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("--to", default="", help="only those to this address")
    parser.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from sandbox.client import call
    from sandbox.state import Home

    state = Home(options.directory).load()
    reply = call(f"{state.aws_endpoint}/_sandbox/messages?to={quote(options.to)}", timeout_s=10)
    for row in reply.content["messages"]:
        sys.stdout.write(f"{row['to']}  {row['purpose']}  {row['code']}\n")
    sys.stderr.write(f"{reply.content['emulated']}\n")
    return 0
