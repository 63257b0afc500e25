"""What a model takes: its features, and how one instance becomes the row of numbers that the model sees.

Training and serving share this file, so that a value means the same to both. Standardising happens here in double
precision; the model's graph gets single precision and loses nothing to large offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

NUMERIC, CATEGORICAL = "numeric", "categorical"
LARGEST = 3.0e38
"""Standardised numbers beyond this are infinite in single precision."""

SHOWN = 10
"""So many allowed categories are named in an error."""


@dataclass(frozen=True)
class Feature:
    """One column: numeric values become `(value - mean) / scale`, a category a one among zeros.

    `optional` features were sometimes missing in training: numbers are then replaced by `fill`, categories by zeros.
    """

    name: str
    kind: str
    mean: float = 0.0
    scale: float = 1.0
    fill: float = 0.0
    optional: bool = False
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers it takes in the model's row."""
        return len(self.categories) if self.kind == CATEGORICAL else 1

    def to_json(self) -> dict[str, Any]:
        """As it stands in statistics.json and model.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Feature:
        """The feature that `to_json` wrote."""
        return cls(**{**document, "categories": tuple(document["categories"])})


class Encoder:
    """Turns instances into rows for one list of features."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        self.width = sum(feature.width for feature in self.features)
        self._by_name = {feature.name: feature for feature in self.features}
        self._numeric = [(f.name, f.mean, f.scale) for f in self.features]
        self._only_numbers = all(f.kind == NUMERIC for f in self.features)
        self._positions = {f.name: {value: n for n, value in enumerate(f.categories)} for f in self.features}

    def row(self, instance: object) -> tuple[list[float], list[dict[str, str]]]:
        """The row of an instance, or the errors of each of its fields (then the row is of no use)."""
        if self._only_numbers and type(instance) is dict and len(instance) == len(self._numeric):
            row = []
            for name, mean, scale in self._numeric:
                value = instance.get(name)
                if type(value) is not float and (type(value) is not int or abs(value) > LARGEST):
                    break
                number = (value - mean) / scale
                if not -LARGEST < number < LARGEST:  # also false for NaN
                    break
                row.append(number)
            else:
                return row, []
        return self._checked_row(instance)

    def _checked_row(self, instance: object) -> tuple[list[float], list[dict[str, str]]]:
        if not isinstance(instance, Mapping):
            allowed = "an object of feature names and values"
            return [], [_error("", f"{_type_of(instance)} is not an instance; allowed: {allowed}")]
        row: list[float] = []
        errors = [
            _error(str(name), f"unknown feature; allowed: {_named(list(self._by_name))}; leave it out")
            for name in instance
            if name not in self._by_name
        ]
        for feature in self.features:
            message = self._add(feature, instance.get(feature.name), row)
            if message:
                errors.append(_error(feature.name, message))
        return row, errors

    def _add(self, feature: Feature, value: object, row: list[float]) -> str | None:
        """Appends a feature's numbers to the row, or says what is wrong with its value."""
        if value is None:
            return self._add_missing(feature, row)
        if feature.kind == CATEGORICAL:
            position = self._positions[feature.name].get(value) if isinstance(value, str) else None
            if position is None:
                return f"{_shown(value)} is not a known category; allowed: {_named(feature.categories)}"
            row.extend([0.0] * feature.width)
            row[position - feature.width] = 1.0
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{_type_of(value)} {_shown(value)} is not a number; allowed: a finite number"
        if not _fits(value, feature):
            return f"{_shown(value)} is not usable; allowed: a finite number of ordinary size"
        row.append((value - feature.mean) / feature.scale)
        return None

    def _add_missing(self, feature: Feature, row: list[float]) -> str | None:
        if not feature.optional:
            wanted = "a finite number" if feature.kind == NUMERIC else f"one of {_named(feature.categories)}"
            return f"missing; allowed: {wanted}; the model was trained on data that always had it"
        row.extend([0.0] * feature.width if feature.kind == CATEGORICAL else [self.fill_of(feature)])
        return None

    @staticmethod
    def fill_of(feature: Feature) -> float:
        """What stands in the row for a missing number."""
        return (feature.fill - feature.mean) / feature.scale


def _fits(value: float, feature: Feature) -> bool:
    # NaN compares false; a whole number that is too large for a float never reaches the arithmetic.
    return abs(value) <= LARGEST and abs((value - feature.mean) / feature.scale) < LARGEST


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _named(names: Sequence[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:SHOWN])
    return listed if len(names) <= SHOWN else f"{listed} and {len(names) - SHOWN} more"


def _type_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
