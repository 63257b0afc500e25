"""Order by what is handed over: options of a component that name dependencies do not reach its children."""

from __future__ import annotations

from pulumi import CustomResource, Output


def once(value: Output[str], *others: CustomResource) -> Output[str]:
    """A value that is known when other resources are there too, so that whatever uses it comes after them."""
    return Output.all(value, *(other.id for other in others)).apply(lambda known: str(known[0]))
