"""Hyperparameters as script mode hands them over: `--name value`, each checked against its range."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A number that an algorithm takes: its default and the range that is allowed."""

    name: str
    default: float
    least: float
    most: float
    help: str

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are allowed."""
        return isinstance(self.default, int)

    def read(self, text: str) -> float:
        """The value of an argument.

        Raises:
            argparse.ArgumentTypeError: no number, or out of range; names what is allowed.
        """
        kind = "a whole number" if self.whole else "a number"
        try:
            value = int(text) if self.whole else float(text)
        except ValueError:
            value = float("nan")
        if not self.least <= value <= self.most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not allowed; allowed: {kind} from {self.least} to {self.most}"
            )
        return value


def one_of(allowed: Sequence[str]) -> Callable[[str], str]:
    """Reads one of the allowed words."""

    def read(text: str) -> str:
        if text not in allowed:
            raise argparse.ArgumentTypeError(f"{text!r} is not allowed; allowed: {', '.join(allowed)}")
        return text

    return read


def some_of(allowed: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads allowed words separated by commas, each once, in the order of `allowed`."""

    def read(text: str) -> tuple[str, ...]:
        chosen = {word.strip() for word in text.split(",") if word.strip()}
        unknown = sorted(chosen - set(allowed))
        if unknown or not chosen:
            found = ", ".join(unknown) or "an empty list"
            raise argparse.ArgumentTypeError(f"{found!r} is not allowed; allowed: {', '.join(allowed)} or some of them")
        return tuple(word for word in allowed if word in chosen)

    return read
