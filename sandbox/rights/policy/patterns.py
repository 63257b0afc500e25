"""Texts of policies with wildcards and variables: `arn:aws:s3:::lake/users/${aws:PrincipalTag/userId}/*`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Lookup = Callable[[str], tuple[str, ...]]
"""Values of a condition key in lower case; none where the call has no such key."""

Kind = Literal["exact", "wild", "arn"]
"""exact: no wildcards; wild: they stand for any text; arn: they stay inside one of the first five parts of an ARN."""

VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
DEFAULT: Final = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'((?:[^']|'')*)'\s*)?")
LITERALS: Final = frozenset("*?$")
"""What `${*}`, `${?}` and `${$}` stand for: themselves."""


class Piece(NamedTuple):
    """A part of a pattern."""

    kind: Literal["text", "many", "one", "variable"]
    text: str = ""
    """The text, or the variable's condition key in lower case."""
    default: str | None = None


class Pattern:
    """A compiled text of a policy; `variables` is False in documents older than version 2012-10-17."""

    __slots__ = ("_fixed", "_keys", "_kind", "_pieces", "_regex", "source")

    def __init__(self, source: str, kind: Kind, *, variables: bool = True) -> None:
        """Compiles a text.

        Raises:
            ValueError: where a variable has no end or no name.
        """
        self.source = source
        self._kind = kind
        self._pieces = tuple(_pieces(source, wildcards=kind != "exact", variables=variables))
        self._keys = tuple(piece for piece in self._pieces if piece.kind == "variable")
        plain = all(piece.kind == "text" for piece in self._pieces)
        self._fixed = "".join(piece.text for piece in self._pieces) if plain else None
        self._regex = None if plain or self._keys else _regex(self._pieces, kind, ())

    @property
    def fixed(self) -> str | None:
        """The one text that it matches, if there is just one whoever asks."""
        return self._fixed

    def matches(self, text: str, lookup: Lookup) -> bool:
        """True where the text is what the pattern stands for in this call."""
        if self._fixed is not None:
            return text == self._fixed
        if self._regex is not None:
            return self._regex.fullmatch(text) is not None
        values = self._values(lookup)
        return values is not None and _regex(self._pieces, self._kind, values).fullmatch(text) is not None

    def known(self, lookup: Lookup) -> bool:
        """False where a variable has no value in this call."""
        return self._values(lookup) is not None

    def text(self, lookup: Lookup) -> str | None:
        """What it stands for in this call where it has no wildcards; None where a variable has no value."""
        values = self._values(lookup)
        if values is None:
            return None
        given = iter(values)
        return "".join(next(given) if piece.kind == "variable" else piece.text for piece in self._pieces)

    def _values(self, lookup: Lookup) -> tuple[str, ...] | None:
        """The variables' values; None where one has none: it then equals nothing."""
        values = []
        for piece in self._keys:
            found = lookup(piece.text)
            # A key with several values stands for none of them.
            value = found[0] if len(found) == 1 else piece.default
            if value is None:
                return None
            values.append(value)
        return tuple(values)


def _pieces(source: str, *, wildcards: bool, variables: bool) -> Iterator[Piece]:
    at = 0
    for found in VARIABLE.finditer(source) if variables else ():
        yield from _plain(source[at : found.start()], wildcards=wildcards)
        at = found.end()
        name = found.group(1)
        if name in LITERALS:
            yield Piece("text", name)
            continue
        parts = DEFAULT.fullmatch(name)
        if parts is None:
            raise ValueError(
                f"variable {found.group(0)!r} in {source!r} is not readable; write ${{key}} or ${{key, 'default'}}"
            )
        default = parts.group(2)
        yield Piece("variable", parts.group(1).lower(), None if default is None else default.replace("''", "'"))
    rest = source[at:]
    if variables and "${" in rest:
        raise ValueError(f"variable in {source!r} has no end; close it with '}}'")
    yield from _plain(rest, wildcards=wildcards)


def _plain(text: str, *, wildcards: bool) -> Iterator[Piece]:
    for part in re.split(r"([*?])", text) if wildcards else [text]:
        if part == "*" and wildcards:
            yield Piece("many")
        elif part == "?" and wildcards:
            yield Piece("one")
        elif part:
            yield Piece("text", part)


@lru_cache(maxsize=8192)
def _regex(pieces: tuple[Piece, ...], kind: Kind, values: tuple[str, ...]) -> re.Pattern[str]:
    colons = sum(piece.text.count(":") for piece in pieces if piece.kind == "text")
    # In an ARN a wildcard stays between its colons; in the last part that is written it may go beyond.
    last = min(colons, 5) if kind == "arn" else 0
    given, seen, parts = iter(values), 0, []
    for piece in pieces:
        if piece.kind == "text":
            seen += piece.text.count(":")
            parts.append(re.escape(piece.text))
        elif piece.kind == "variable":
            parts.append(re.escape(next(given)))
        else:
            anything = "." if seen >= last else "[^:]"
            parts.append(f"{anything}*" if piece.kind == "many" else anything)
    return re.compile("".join(parts), re.DOTALL)
