"""What one run of the program declared: every resource with its inputs, outputs and ties, ready to be asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

SECRET_INPUTS: Final = frozenset({"authToken", "masterPassword", "secretString"})
"""Inputs that the engine would keep encrypted in its state."""
HIDDEN: Final = "[secret]"
_SHORTEST_SECRET: Final = 12
Status = Literal["created", "recorded", "component"]
"""created: lives in the local cloud; recorded: kept here only, with a reason; component: groups other resources."""


@dataclass(frozen=True)
class Resource:
    """One declared resource, with the names that Pulumi uses in its state (camelCase)."""

    urn: str
    type: str
    """The type's token, such as `aws:s3/bucket:Bucket` or `mlplatform:index:DataLake`."""
    name: str
    """The name in the program, not the physical one."""
    parent: str = ""
    """The URN of the parent, empty for a child of the stack."""
    custom: bool = True
    """False for a component."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """What was declared: resolved, secrets unwrapped, whole numbers whole, default tags added."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The inputs and what creation answered (`id`, `arn` and the like)."""
    dependencies: tuple[str, ...] = ()
    """URNs that this one waits for, explicit or by the use of their outputs."""
    protect: bool = False
    status: Status = "created"
    reason: str = ""
    """Why it is only recorded; empty otherwise."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Declared inputs that the local cloud does not hold, by dotted path, with the reason. They stay in `inputs`."""
    region: str = ""
    """The region it lives in; empty for a component."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options the engine would act on: ignoreChanges, aliases, provider, retainOnDelete."""

    @property
    def id(self) -> str:
        """The physical id, empty for a component."""
        return str(self.outputs.get("id", ""))


class Ledger:
    """All resources in the order in which they were declared. Reading is safe while the program still adds."""

    def __init__(self, stack: str = "", project: str = "") -> None:
        self.stack = stack
        self.project = project
        self.exports: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._watchers: list[Callable[[Resource], object]] = []

    def watch(self, watcher: Callable[[Resource], object]) -> None:
        """Tells of each resource from now on, in the thread that declares it."""
        self._watchers.append(watcher)

    def add(self, resource: Resource) -> None:
        """Keeps a resource; a second one with the same URN is an error, as it is for the engine."""
        with self._lock:
            if resource.urn in self._resources:
                raise ValueError(f"duplicate resource URN {resource.urn!r}; give one of the two another name")
            self._resources[resource.urn] = resource
        for watcher in self._watchers:
            watcher(resource)

    def finish(self, urn: str, outputs: dict[str, Any]) -> None:
        """Adds the outputs that a component registers at its end."""
        with self._lock:
            found = self._resources[urn]
            self._resources[urn] = replace(found, outputs={**found.outputs, **outputs})

    def __iter__(self) -> Iterator[Resource]:
        with self._lock:
            return iter(list(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)

    def of_type(self, token: str) -> list[Resource]:
        """Every resource of a type, in order of declaration; an unknown token gives an empty list."""
        return [resource for resource in self if resource.type == token]

    def by_urn(self, urn: str) -> Resource:
        """The resource with this URN; KeyError names the URN when there is none."""
        with self._lock:
            return self._resources[urn]

    def one(self, token: str) -> Resource:
        """The only resource of a type; LookupError says how many there are when it is not exactly one."""
        found = self.of_type(token)
        if len(found) != 1:
            names = ", ".join(resource.name for resource in found) or "none"
            raise LookupError(f"expected one resource of type {token!r}, found {len(found)}: {names}")
        return found[0]

    def regions(self) -> list[str]:
        """The regions that resources live in, sorted."""
        return sorted({resource.region for resource in self if resource.region and resource.type.startswith("aws:")})

    def region(self, name: str) -> Ledger:
        """What is declared in one region, with the components and providers of all; the resources are the same."""
        view = Ledger(self.stack, self.project)
        view.exports = self.exports
        for resource in self:
            if resource.region == name or not resource.type.startswith("aws:"):
                view.add(resource)
        return view

    def children(self, urn: str) -> list[Resource]:
        """The direct children of a resource."""
        return [resource for resource in self if resource.parent == urn]

    def counts(self) -> dict[str, int]:
        """How many resources were created, recorded and are components."""
        totals = {"created": 0, "recorded": 0, "component": 0}
        for resource in self:
            totals[resource.status] += 1
        return totals

    def to_json(self, indent: int | None = 1) -> str:
        """The whole ledger as sorted JSON without secrets: two runs of the same program give the same text.

        Without an indent it stands in one line, which takes a tenth of the time.
        """
        rows = [vars(resource) for resource in sorted(self, key=lambda resource: resource.urn)]
        document = {"project": self.project, "stack": self.stack, "exports": self.exports, "resources": rows}
        text = json.dumps(document, sort_keys=True, indent=indent, default=str)
        for secret in sorted(_secrets(self), key=len, reverse=True):
            # In an object that is kept as text, it is written twice over.
            once = json.dumps(secret)[1:-1]
            for form in (json.dumps(once)[1:-1], once):
                text = text.replace(form, HIDDEN)
        return text


def _secrets(resources: Iterable[Resource]) -> set[str]:
    """Every secret that was declared; where one is in an object, what the object says besides stays readable."""
    given = [str(row.inputs[name]) for row in resources for name in SECRET_INPUTS & row.inputs.keys()]
    found: set[str] = set()
    for text in given:
        try:
            values = list(_leaves(json.loads(text)))
        except ValueError:
            values = [text]
        found.update(value for value in values if len(value) >= _SHORTEST_SECRET)
    return found


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value
