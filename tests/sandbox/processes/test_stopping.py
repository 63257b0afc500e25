"""A stop reaches the main thread even when its first exception is dropped, and never cuts the tear-down short."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOST = """
import time
from sandbox.processes.stopping import Stop

class Dropped:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(60)

stop = Stop(again_s=1)
stop.install()
try:
    thing = Dropped()
    del thing
    print("dropped", stop.asked.is_set(), flush=True)
    time.sleep(60)
finally:
    # As the sandbox does: or the stop comes once more where this ends slowly.
    stop.begin()
"""
ENDING = """
import time
from sandbox.processes.stopping import Stop

stop = Stop(again_s=0.2)
stop.install()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    stop.begin()
    print("ending", flush=True)
    time.sleep(1)
    print("ended", flush=True)
"""


def run(program: str, number: signal.Signals, again: str = "") -> tuple[int, list[str], str]:
    """Status, lines and errors of a program that gets a signal when it is ready, and one more after another line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    process.send_signal(number)
    if again:
        lines.append(process.stdout.readline().strip())
        process.send_signal(number)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    return process.returncode, [*lines, *out.split("\n")[:-1]], err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_whose_exception_was_dropped_comes_again(number: signal.Signals) -> None:
    code, lines, err = run(LOST, number)
    assert lines == ["ready", "dropped True"]
    assert "Exception ignored in" in err
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert code == -signal.SIGINT


def test_a_tear_down_is_not_cut_short() -> None:
    code, lines, err = run(ENDING, signal.SIGINT, again="ending")
    assert (code, lines, err) == (0, ["ready", "ending", "ended"], "")
