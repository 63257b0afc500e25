"""Runs a runbook's blocks as a person would: in bash, with the AWS CLI and the stack's outputs, against the sandbox."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.callers import KEY
from sandbox.cloud import HOST
from sandbox.processes import inherited
from sandbox.state import State

PAUSE_S = 0.5
"""Between two looks whether a check holds."""
_TAIL = 2000


class StepError(RuntimeError):
    """A block failed or took too long; the text ends with what it printed."""


@dataclass(frozen=True)
class Ended:
    """A block that ran to its end."""

    code: int
    output: str


class Shell:
    """One run of a runbook. Variables that its blocks set are kept in a file, so that another process can go on.

    Args:
        state: the sandbox that is meant.
        outputs: what answers `pulumi stack output`.
        directory: where the variables and the stand-in for the `pulumi` command are kept.
        names: the variables that live on from block to block.
        given: what the person who runs the steps decided, such as the time to go back to.
        root: the checkout, which the commands are run in.
    """

    def __init__(
        self,
        state: State,
        outputs: Mapping[str, Any],
        directory: Path,
        *,
        names: Sequence[str],
        given: Mapping[str, str],
        root: Path,
    ) -> None:
        self._root = root
        self._names = list(names)
        self._kept = directory / "variables.sh"
        tools = directory / "bin"
        tools.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What a block that was interrupted leaves here goes with the drill.
        temporary = directory / "tmp"
        temporary.mkdir(exist_ok=True, mode=0o700)
        _stand_in(tools / "pulumi", state, outputs)
        _pointed(tools / "aws", state)
        self._environment = {
            **inherited(),
            "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "TMPDIR": str(temporary),
            "AWS_ENDPOINT_URL": state.aws_endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "AWS_REGION": state.region,
            "AWS_DEFAULT_REGION": state.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            # A region that is lost refuses at once: asking again would only take time.
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            **given,
        }

    def begin(self) -> None:
        """Forgets the variables of an earlier run."""
        self._kept.unlink(missing_ok=True)

    def run(self, block: str, limit_s: float) -> Ended:
        """Runs a block and keeps the variables that it set; StepError when it takes longer than it may."""
        keep = [f"declare -p {name} >> {shlex.quote(str(self._kept))} 2>/dev/null || true" for name in self._names]
        load = f"[ ! -f {shlex.quote(str(self._kept))} ] || . {shlex.quote(str(self._kept))}"
        script = "\n".join(["set -euo pipefail", load, block, *keep])
        child = subprocess.Popen(
            ["/bin/bash", "-c", script],
            cwd=self._root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = child.communicate(timeout=limit_s)
        except BaseException as error:
            # Also when the person interrupts the drill: nothing goes on behind their back.
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in the moment of the interruption
                os.killpg(child.pid, signal.SIGKILL)
            output, _ = child.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise StepError(f"not done within {limit_s:.0f} s{_told(output)}") from None
            raise
        return Ended(child.returncode, output)

    def do(self, block: str, limit_s: float) -> str:
        """Runs a block that must succeed, and gives what it printed."""
        ended = self.run(block, limit_s)
        if ended.code != 0:
            raise StepError(f"ended with status {ended.code}{_told(ended.output)}")
        return ended.output

    def until(self, check: str, limit_s: float) -> str:
        """Runs a check until it holds, and gives what it printed last."""
        deadline = time.monotonic() + limit_s
        while True:
            ended = self.run(check, max(1.0, deadline - time.monotonic()))
            if ended.code == 0:
                return ended.output
            if time.monotonic() + PAUSE_S > deadline:
                raise StepError(f"the check did not hold within {limit_s:.0f} s{_told(ended.output)}")
            time.sleep(PAUSE_S)


def _told(output: str) -> str:
    return f":\n{output.strip()[-_TAIL:]}" if output.strip() else ""


def _pointed(path: Path, state: State) -> None:
    """The AWS CLI with its endpoint named: version 1 overlooks AWS_ENDPOINT_URL for RDS in us-east-1."""
    real = Path(sys.executable).parent / "aws"
    path.write_text(
        f"""#!/bin/sh
exec {shlex.quote(sys.executable)} {shlex.quote(str(real))} --endpoint-url {shlex.quote(state.aws_endpoint)} "$@"
""",
        encoding="utf-8",
    )
    path.chmod(0o700)


def _stand_in(path: Path, state: State, outputs: Mapping[str, Any]) -> None:
    """A `pulumi` that answers from the sandbox what the runbooks ask of the stack."""
    cases = "\n".join(
        f"  {shlex.quote(name)}) printf '%s\\n' {shlex.quote(_text(value))} ;;"
        for name, value in sorted(outputs.items())
    )
    known = shlex.quote(", ".join(sorted(outputs)))
    path.write_text(
        f"""#!/bin/sh
# Answers what the runbooks ask of the deployed stack, from the sandbox's state.
case "$*" in
"stack --show-name") printf '%s\\n' {shlex.quote(state.stack)} ; exit ;;
"config get aws:region") printf '%s\\n' {shlex.quote(state.region)} ; exit ;;
"stack output "*) ;;
*)
  echo "pulumi $*: the sandbox answers 'stack output NAME', 'stack --show-name', 'config get aws:region'" >&2
  exit 2
  ;;
esac
case "$3" in
{cases}
  *) echo "no output '$3'; there are:" {known} >&2; exit 1 ;;
esac
""",
        encoding="utf-8",
    )
    path.chmod(0o700)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
