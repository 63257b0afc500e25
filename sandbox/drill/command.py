"""`python -m sandbox drill KIND`: its options, its progress, its exit status."""

from __future__ import annotations

import argparse
import sys
from typing import Any

KINDS = ("function", "table")


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the command line; nothing slow is imported before a drill runs."""
    parser.add_argument("kind", nargs="?", choices=KINDS, help="what fails")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, and the progress beside it")
    parser.add_argument("--resume", action="store_true", help="go on with a drill that was interrupted")
    parser.add_argument("--mend", action="store_true", help="undo what an interrupted drill did")
    parser.set_defaults(command=drill)


def drill(options: Any) -> int:
    """Runs, continues or undoes a drill; 0 when its targets are met and everything is consistent."""
    from sandbox.drill.conductor import conduct, mend, resume
    from sandbox.drill.context import Context
    from sandbox.drill.kinds import KINDS as BY_NAME

    if options.kind is None and not (options.resume or options.mend):
        raise ValueError(f"say what fails: python -m sandbox drill {'|'.join(KINDS)}, or --resume, or --mend")
    if options.resume and options.mend:
        raise ValueError("--resume and --mend exclude each other; choose one")
    context = Context.of(options.directory)
    if options.resume or options.mend:
        context.journal.load()
        if options.kind not in (None, context.journal.kind):
            raise ValueError(
                f"the open drill is of {context.journal.kind!r}, not of {options.kind!r}; leave the kind out"
            )
    kind = BY_NAME[context.journal.kind if options.kind is None else options.kind]
    if options.mend:
        left = mend(kind, context)
        print("\n".join(left) if left else f"the drill of {kind.name} is undone; everything is as before")
        return 1 if left else 0
    out = sys.stderr if options.json else sys.stdout
    try:
        report = (resume if options.resume else conduct)(kind, context, lambda line: print(line, file=out, flush=True))
    except KeyboardInterrupt:
        open_now = kind.open(context)
        print("\ninterrupted; " + ("; ".join(open_now) if open_now else "nothing was broken yet"), file=sys.stderr)
        print("go on: python -m sandbox drill --resume; undo it: python -m sandbox drill --mend", file=sys.stderr)
        return 130
    print(report.json() if options.json else report.text())
    return 0 if report.passed else 1
