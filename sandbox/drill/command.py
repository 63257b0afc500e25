"""`python -m sandbox drill KIND`: its options, its progress, its exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.drill.context import Context
    from sandbox.drill.kinds.kind import Kind

KINDS = ("az", "database", "fail-back", "function", "lake", "region", "table")
_STACK = "dev"
"""What a stack of a drill's own begins with where none runs."""
_INTERRUPTED = 130


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the command line; nothing slow is imported before a drill runs."""
    parser.add_argument("kind", nargs="?", choices=KINDS, help="what fails")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, and the progress beside it")
    parser.add_argument("--resume", action="store_true", help="go on with a drill that was interrupted")
    parser.add_argument("--mend", action="store_true", help="undo what an interrupted drill did")
    parser.set_defaults(command=drill)


def drill(options: Any) -> int:
    """Runs, continues or undoes a drill; 0 when its targets are met and everything is consistent."""
    from sandbox.drill.journal import Journal
    from sandbox.drill.kinds import KINDS as BY_NAME
    from sandbox.state import Home

    if options.kind is None and not (options.resume or options.mend):
        raise ValueError(f"say what fails: python -m sandbox drill {'|'.join(KINDS)}, or --resume, or --mend")
    if options.resume and options.mend:
        raise ValueError("--resume and --mend exclude each other; choose one")
    journal = Journal(Home(options.directory).path)
    if not (options.resume or options.mend):
        return _run(BY_NAME[options.kind], journal, options)
    journal.load()
    if journal.over:
        journal.close()
        print(f"the sandbox that a drill of {journal.kind} was interrupted in has ended, and the failure with it")
        return 0 if options.mend else 1
    if options.kind not in (None, journal.kind):
        raise ValueError(f"the open drill is of {journal.kind!r}, not of {options.kind!r}; leave the kind out")
    kind = BY_NAME[journal.kind]
    return _mend(kind, journal, options) if options.mend else _run(kind, journal, options)


def _run(kind: Kind, journal: Any, options: Any) -> int:
    from sandbox.drill import stage
    from sandbox.drill.conductor import conduct, resume

    out = sys.stderr if options.json else sys.stdout

    def say(line: str) -> None:
        print(line, file=out, flush=True)

    if not options.resume:
        journal.open(kind.name)
    context: Context | None = None
    try:
        context = _context(kind, journal, options, say)
        if (owner := context.home.owner()) is not None:
            journal.belongs(owner)
        report = (resume if options.resume else conduct)(kind, context, say)
    except KeyboardInterrupt:
        return _interrupted(kind, context)
    except BaseException:
        if context is None and not options.resume:
            # Nothing was begun: there is nothing to go on with.
            journal.close()
        raise
    print(report.json() if options.json else report.text())
    if report.passed and context.home.path != options.directory.resolve():
        stage.end(context.home.path)
    return 0 if report.passed else 1


def _context(kind: Kind, journal: Any, options: Any, say: Callable[[str], None]) -> Context:
    """The sandbox that runs, or a stack of the drill's own where it lacks what the failure needs."""
    from sandbox.drill import stage
    from sandbox.drill.context import Context
    from sandbox.program import configuration

    own = journal.directory / "stack"
    if options.resume:
        return Context.of(own if journal.content.get("own") else options.directory, journal)
    running = stage.running(options.directory)
    if running is not None:
        context = Context.of(options.directory, journal)
        if kind.fits(context):
            return context
    name = running.stack if running is not None else _STACK
    if not (overrides := kind.overrides(configuration(name)[1])):
        return Context.of(options.directory, journal)  # says what to start
    said = f"stack {name} lacks what this drill needs" if running is not None else "no sandbox runs"
    say(f"  {said}: a stack of its own is started, untrained, with {', '.join(sorted(overrides))} changed")
    journal.content["own"] = True
    journal.save()
    stage.end(own)
    stage.start(own, name, overrides)
    return Context.of(own, journal)


def _mend(kind: Kind, journal: Any, options: Any) -> int:
    from sandbox.drill import stage
    from sandbox.drill.conductor import mend
    from sandbox.drill.context import Context

    if journal.content.get("own"):
        stage.end(journal.directory / "stack")
        journal.close()
        left: list[str] = []
    else:
        left = mend(kind, Context.of(options.directory, journal))
    print("\n".join(left) if left else f"the drill of {kind.name} is undone; everything is as before")
    return 1 if left else 0


def _interrupted(kind: Kind, context: Context | None) -> int:
    found = kind.open(context) if context is not None else []
    print("\ninterrupted; " + ("; ".join(found) if found else "nothing was broken yet"), file=sys.stderr)
    print("go on: python -m sandbox drill --resume; undo it: python -m sandbox drill --mend", file=sys.stderr)
    return _INTERRUPTED
