"""Evaluating the program against plain resources, in the same run: processor time, memory, modules loaded.

Run it as `.venv/bin/python tests/bench/evaluate.py`. Each subject has processes of its own, by turns, and the fastest
of three counts. Clocks are not asserted anywhere: the machine decides the figures, so only the ratios mean something.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

ROUNDS, PLAIN = 3, 1000
PROGRAM = f"""import pulumi

class Part(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("plain:index:Part", "part", {{}})

inside = pulumi.ResourceOptions(parent=Part())
for number in range({PLAIN}):
    given = {{"name": f"group-{{number}}", "retentionInDays": 30, "arn": None}}
    pulumi.CustomResource("aws:cloudwatch/logGroup:LogGroup", f"group-{{number}}", given, inside)
"""
PARTS = ("__main__.py", "Pulumi.yaml", "components", "functions", "training")


def plain(folder: Path) -> tuple[str, Path]:
    """A program of nothing but resources with two inputs each."""
    (folder / "Pulumi.yaml").write_text("name: plain\nruntime: python\n")
    (folder / "Pulumi.plain.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    return "plain", folder


def one_region(folder: Path) -> tuple[str, Path]:
    """The platform as prod has it, without its second region."""
    yaml = import_module("yaml")  # comes with pulumi, without type information
    for name in PARTS:
        (folder / name).symlink_to(ROOT / name)
    declared = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    del declared["config"]["mlplatform:recovery"]
    (folder / "Pulumi.prod.yaml").write_text(json.dumps(declared))
    return "prod", folder


SUBJECTS: dict[str, Callable[[Path], tuple[str, Path]]] = {
    f"{PLAIN:,} plain resources": plain,
    "dev": lambda _: ("dev", ROOT),
    "prod, one region": one_region,
    "prod, both regions": lambda _: ("prod", ROOT),
}


def measure(subject: str) -> dict[str, Any]:
    """One evaluation in this process."""
    with tempfile.TemporaryDirectory() as folder:
        stack, root = SUBJECTS[subject](Path(folder))
        before, began = len(sys.modules), time.process_time()
        from sandbox.declared import declared

        ledger = declared(stack, root)
        seconds = time.process_time() - began
    return {
        "seconds": seconds,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / (1 << 20 if sys.platform == "darwin" else 1024),
        "modules": len(sys.modules) - before,
        "resources": sum(ledger.counts().values()),
        "parts": Counter(_part(found.urn) for found in ledger).most_common(8),
    }


def _part(urn: str) -> str:
    """The component of the stack that a resource stands in."""
    return urn.split("::")[2].removeprefix("pulumi:pulumi:Stack$").split("$")[0].rpartition(":")[2]


def main() -> None:
    """Prints a row a subject, then where the resources of both regions stand."""
    found: dict[str, list[dict[str, Any]]] = {subject: [] for subject in SUBJECTS}
    for _ in range(ROUNDS):
        for subject, rows in found.items():
            run = subprocess.run([sys.executable, __file__, subject], capture_output=True, text=True, check=True)
            rows.append(json.loads(run.stdout.splitlines()[-1]))
    best = {subject: min(rows, key=lambda row: row["seconds"]) for subject, rows in found.items()}
    base = next(iter(best.values()))
    each = base["seconds"] / base["resources"]
    print(f"{'':24}{'resources':>10}{'s':>7}{'x plain':>9}{'x plain each':>14}{'MB':>6}{'modules':>9}")
    for subject, row in best.items():
        times, alone = row["seconds"] / base["seconds"], row["seconds"] / row["resources"] / each
        print(
            f"{subject:24}{row['resources']:>10}{row['seconds']:>7.2f}{times:>9.2f}{alone:>14.2f}"
            f"{row['megabytes']:>6.0f}{row['modules']:>9}"
        )
    parts = ", ".join(f"{name} {number}" for name, number in row["parts"])
    print(f"most resources of {subject}: {parts}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()
