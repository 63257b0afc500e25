"""`python -m sandbox control COMMAND [name=value …]`: any control command, its result as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.control.answers import SandboxState
from sandbox.control.client import Control, ControlError


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("control", metavar="COMMAND", help="such as status, lose, recover, pause, resume, lag, pending")
    parser.add_argument("words", nargs="*", metavar="NAME=VALUE", help="such as region=us-east-1 or seconds=5")
    parser.set_defaults(command=_run)


def run(directory: Path, command: str, words: Iterable[str]) -> str:
    """Sends a command and gives its result as text; ValueError for a word that is not `name=value`."""
    arguments: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"{word!r} is not name=value, such as region=us-east-1 or seconds=5")
        arguments[name] = _value(value)
    result = Control(directory).call(command, **arguments)
    return "" if result is None else json.dumps(result, indent=1)


def described(state: SandboxState) -> list[str]:
    """Sites in lines, and for a stack with two regions those, replication and names."""
    sites = [f"site {name}: {url}" for name, url in state["sites"].items()]
    if len(state["regions"]) < 2:
        return sites
    replication = state["replication"]
    lines = []
    for region in state["regions"]:
        words = ["lost" if region["lost"] else "answers", "primary" if region["primary"] else ""]
        lines.append(f"region {region['name']}: {', '.join(filter(None, words))} {region['api_url']}".rstrip())
    how = "paused" if replication["paused"] else f"{replication['lag_s']:g} s behind"
    lines.append(f"replication: {how}")
    for lane in replication["lanes"]:
        counts = f"{lane['replicated']} copied, {lane['pending']} waiting, {lane['failed']} failed"
        lines.append(f"  {lane['kind']} {lane['source']} to {lane['target']}: {counts}")
    lines += [f"name {name['name']}: {name['region']} {name['api_url']}" for name in state["names"]]
    return lines + sites


def left_behind(directory: Path) -> str:
    """What would be lost if the sandbox ended now, in a line; empty when nothing would, or none listens."""
    from sandbox.replication.runtime import told

    try:
        waiting = Control(directory, timeout_s=5).pending()
    except ControlError:
        return ""
    return f"{told(waiting)}\n" if waiting else ""


def _run(options: argparse.Namespace) -> int:
    sys.stdout.write(f"{run(options.directory, options.control, options.words) or 'done'}\n")
    return 0


def _value(text: str) -> Any:
    """Numbers, truth and null as JSON has them; anything else is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if value is None or isinstance(value, bool | int | float) else text
