"""`python -m artifacts [package|lock|reference]`: builds dist/, resolves the locks, writes the reference pages."""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 when it ended well, 1 with a message when it did not."""
    parser = argparse.ArgumentParser(prog="python -m artifacts", description=__doc__)
    parser.add_argument("command", nargs="?", default="package", choices=["package", "lock", "reference"])
    command = parser.parse_args(arguments).command
    try:
        {"package": package, "lock": lock, "reference": reference}[command]()
    except RuntimeError as error:
        print(f"{command} failed: {error}", file=sys.stderr)
        return 1
    return 0


def package() -> None:
    """Builds what is stale of dist/."""
    from artifacts import clients, functions, training
    from artifacts.build import DIST, build_all

    build_all([*functions.archives(), *functions.layers(), *training.parts(), *clients.parts()], DIST, print)


def lock() -> None:
    """Resolves the lock files again."""
    from artifacts.locks import lock_all

    lock_all()


def reference() -> None:
    """Writes the generated pages of docs/reference."""
    from artifacts.reference import write_all

    for page in write_all():
        print(f"wrote {page}")


if __name__ == "__main__":
    sys.exit(main())
