"""`python -m policies.cost --stack prod [--usage FILE] [--lines] [--json] [--against STACK|COMMIT]`."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from policies.cost import report
from policies.cost.estimate import Estimate, estimate
from policies.cost.evaluate import ROOT, Evaluation, EvaluationError, checkout, stacks
from policies.cost.prices import PriceError, Prices, load
from policies.cost.usage import Usage, UsageError
from policies.cost.usage import load as load_usage
from policies.resources import Stack, UndecidedError


def main(arguments: list[str] | None = None) -> int:
    """Prints what a stack costs; what is wrong is told in a line each, and the exit code is 1."""
    options = _parser().parse_args(arguments)
    try:
        sys.stdout.write(run(options))
    except (EvaluationError, PriceError, UndecidedError, UsageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> str:
    """The answer to one command line."""
    usage, prices = load_usage(options.usage), load()
    known = stacks()
    if options.stack not in known:
        raise EvaluationError(f"stack is {options.stack!r}; allowed: {', '.join(known)}")
    progress(f"evaluating {options.stack}" + (f" and {options.against}" if options.against else ""))
    if options.against is None:
        found = priced(Evaluation(options.stack).stack(), usage, prices)
        return (
            report.to_json(options.stack, found)
            if options.json
            else report.text(options.stack, found, lines=options.lines)
        )
    with ExitStack() as held:
        other_stack, root = options.stack, ROOT
        if options.against in known:
            other_stack = options.against
        else:
            root = held.enter_context(checkout(options.against))
        now, then = Evaluation(options.stack), Evaluation(other_stack, root)
        found = priced(now.stack(), usage, prices)
        # What did not exist then is not used then.
        before = estimate(then.stack(), usage, prices)
    if options.json:
        return report.to_json(options.stack, found, (options.against, before))
    return report.difference(options.stack, options.against, found, before)


def progress(text: str) -> None:
    """Tells a person who waits, and no file or pipe, what takes some seconds."""
    if sys.stderr.isatty():
        print(f"{text} …", file=sys.stderr, flush=True)


def priced(stack: Stack, usage: Usage, prices: Prices) -> Estimate:
    """The estimate of a stack to which the usage fits."""
    usage.check((node.name, node.type) for node in stack)
    return estimate(stack, usage, prices)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m policies.cost", description="What a stack costs a month.")
    parser.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml (default dev)")
    parser.add_argument("--usage", type=Path, help="TOML of what is used (default policies/usage/reference.toml)")
    parser.add_argument("--lines", action="store_true", help="show each charge of each resource")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--against", metavar="STACK|COMMIT", help="show what differs from another stack or commit")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
