"""What a stack declares, as JSON: `python -m sandbox.declared --stack prod`; nothing has to be built."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
from pathlib import Path

from sandbox.ledger import Ledger
from sandbox.program import ROOT, ProgramError, run

EVALUATION = {
    "accuracy": 0.9,
    "f1": 0.9,
    "roc_auc": 0.95,
    "precision": 0.9,
    "recall": 0.9,
    "per_class": {"0": {"f1": 0.9}, "1": {"f1": 0.9}},
    "algorithm": "xgboost",
    "sample": {"a": 1.5, "b": None, "c": "x"},
}
"""Figures of a baseline model that nobody trained."""


def stand_ins(directory: Path, root: Path = ROOT) -> Path:
    """The files that the program reads of dist/, as small as they can be and the same each time."""
    capabilities = sorted(path.parent.name for path in (root / "functions").glob("*/handler.py"))
    files = [f"functions/{capability}.zip" for capability in capabilities]
    for name in [*files, "layer.zip", "layer-database.zip", "training/sourcedir.tar.gz", "baseline/model.tar.gz"]:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (directory / "baseline" / "evaluation.json").write_text(json.dumps(EVALUATION), encoding="utf-8")
    return directory


def declared(stack: str, root: Path = ROOT) -> Ledger:
    """The ledger of a stack of any checkout, evaluated with stand-ins of what `make package` builds.

    Raises:
        ProgramError: the program or its configuration is wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        built = stand_ins(Path(folder), root)
        return run(stack, root=root, config={"mlplatform:artifacts": str(built)})


def main(arguments: list[str] | None = None) -> int:
    """Prints the ledger; what is wrong is told in a line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.declared", description="What a stack declares, as JSON.")
    parser.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml (default dev)")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the program (default this one)")
    options = parser.parse_args(arguments)
    try:
        ledger = declared(options.stack, options.root)
    except ProgramError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(ledger.to_json(indent=None))
    # Looking once more for garbage among all that the run made would take longer than writing it.
    gc.freeze()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
