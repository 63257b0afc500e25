"""Resources as rules see them: one shape for the official engine and for the sandbox, with honest unknowns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn, Protocol

UNKNOWN_MARKS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""Marks with which the engine stands in for values that a preview cannot know (sdk/go/common/resource/plugin)."""
_NOT_KNOWN = ("pulumi.output", "Unknown")
"""Module and name of what the SDK stands in with; importing it takes longer than judging a stack."""


class UndecidedError(Exception):
    """A rule needed a value that is not known yet: the third verdict, carried out of the rule."""


class Unknown:
    """A value that is not known yet. Passing it on is fine; looking into it raises UndecidedError."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"Unknown({self.path!r})"

    def use(self, *_: object) -> NoReturn:
        """Refuses: nothing can be said about this value."""
        raise UndecidedError(f"{self.path} is not known before the update")

    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __str__ = __eq__ = __ne__ = __hash__ = use
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = use


class Resource(Protocol):
    """What the engine needs of a declared resource; `outputs`, `protect` and `options` are used where there are any."""

    @property
    def urn(self) -> str:
        """Unique name: `urn:pulumi:<stack>::<project>::<types>::<name>`."""

    @property
    def type(self) -> str:
        """Token such as `aws:s3/bucket:Bucket`."""

    @property
    def name(self) -> str:
        """Name in the program."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What was declared, names in camelCase."""

    @property
    def parent(self) -> str:
        """URN of the parent, empty for a child of the stack."""

    @property
    def dependencies(self) -> Collection[str]:
        """URNs that this resource waits for."""


def read(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path of nested mappings, the default where any part is missing or null.

    Raises:
        UndecidedError: where a part of the path is not known yet.
    """
    for part in path.split("."):
        if isinstance(value, Unknown):
            value.use()
        if not isinstance(value, Mapping) or (value := value.get(part)) is None:
            return default
    if isinstance(value, Unknown):
        value.use()
    return value


def rows(value: Any, path: str) -> list[Any]:
    """The list at a dotted path; a single value counts as a list of one, a missing one as an empty list."""
    found = read(value, path)
    if found is None:
        return []
    return list(found) if isinstance(found, (list, tuple)) else [found]


@dataclass(frozen=True, eq=False, kw_only=True)
class Node:
    """One declared resource with its ties to the others."""

    urn: str
    type: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict)
    """Outputs with the declared inputs over them; unknown values are Unknown."""
    parent: str = ""
    dependencies: frozenset[str] = frozenset()
    references: Mapping[str, frozenset[str]] | None = None
    """URNs that each property's value comes from, where the engine tells."""
    region: str = ""
    """Where it is; empty where nothing tells."""
    protected: bool = False
    """True where the program asks for the resource to be kept (`protect` or `retain_on_delete`)."""
    graph: Stack | None = None
    """All resources; None for a rule that may look at this resource alone."""

    @property
    def stack(self) -> Stack:
        """All resources of the stack, for rules whose scope is the stack."""
        if self.graph is None:
            raise LookupError(f"a rule of scope 'resource' looked at the stack of {self.urn!r}; give it scope 'stack'")
        return self.graph

    def read(self, path: str, default: Any = None) -> Any:
        """The property at a dotted path, the default where it is missing."""
        return read(self.props, path, default)

    def rows(self, path: str) -> list[Any]:
        """The list at a dotted path."""
        return rows(self.props, path)

    @cached_property
    def identities(self) -> frozenset[str]:
        """Every known value by which another resource may name this one."""
        keys = ("id", "arn", "name", "bucket", "keyId", "url", "qualifiedArn", "aliasArn", "invokeArn")
        return frozenset(value for key in keys if isinstance(value := self.props.get(key), str) and value)

    @property
    def named(self) -> bool:
        """True where all of the names that AWS gives it are known."""
        # Whatever AWS makes has an id; without one its other names may be missing too.
        names = [self.props.get(key) for key in ("id", "arn", "name")]
        return isinstance(names[0], str) and not any(isinstance(name, Unknown) for name in names)

    def refers_to(self, prop: str, other: Node) -> bool:
        """True where this resource's property names the other resource, also before the names are known."""
        value = self.props.get(prop)
        if value is None:
            return False
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        if any(item in other.identities for item in items if isinstance(item, str)):
            return True
        told = other.named and not any(isinstance(item, Unknown) for item in items)
        return not told and self.comes_from(prop, other)

    def comes_from(self, prop: str, other: Node) -> bool:
        """True where the property's value comes from the other resource, as far as the engine tells.

        Raises:
            UndecidedError: where only the dependencies of the whole resource are told, and several would fit.
        """
        if self.references is not None:
            named = self.references.get(prop, frozenset())
            return other.urn in named or any(other.urn in self._passed_on(prop, urn) for urn in named)
        if other.urn not in self.dependencies:
            return False
        if self.graph and sum(node.urn in self.dependencies for node in self.graph.of_type(other.type)) > 1:
            raise UndecidedError(f"{prop} of {self.name} is not known before the update")
        return True

    def _passed_on(self, prop: str, urn: str) -> frozenset[str]:
        """Where a resource has a property from that it takes and gives on, as a bucket's versioning its bucket."""
        node = self.graph.get(urn) if self.graph else None
        return (node.references or {}).get(prop, frozenset()) if node else frozenset()

    def companions(self, token: str, prop: str) -> list[Node]:
        """The resources of a type whose property names this one, such as the versioning of a bucket."""
        return [node for node in self.stack.of_type(token) if node.refers_to(prop, self)]

    def target(self, prop: str, *tokens: str) -> Node | None:
        """The resource of one of the types that this property names, None where the stack has none."""
        return next(
            (node for token in tokens for node in self.stack.of_type(token) if self.refers_to(prop, node)),
            None,
        )


class Stack:
    """All resources of a stack, by type."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = [replace(node, graph=self) for node in nodes]
        self._by_urn = {node.urn: node for node in self._nodes}
        self._by_type: dict[str, list[Node]] = {}
        for node in self._nodes:
            self._by_type.setdefault(node.type, []).append(node)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes)

    def get(self, urn: str) -> Node | None:
        """The resource of a URN, None where the stack has none."""
        return self._by_urn.get(urn)

    def of_type(self, *tokens: str) -> list[Node]:
        """Every resource of the types, in order of declaration."""
        return [node for token in tokens for node in self._by_type.get(token, [])]


def marked(value: Any, path: str = "") -> Any:
    """The same value with every mark of an unknown value replaced by Unknown."""
    if isinstance(value, str):
        return Unknown(path) if value in UNKNOWN_MARKS else value
    if isinstance(value, Mapping):
        return {key: marked(item, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [marked(item, f"{path}[{number}]") for number, item in enumerate(value)]
    kind = type(value)
    return Unknown(path) if (kind.__module__, kind.__name__) == _NOT_KNOWN else value


def node_of(resource: Resource) -> Node:
    """The node of a declared resource, of the sandbox's ledger or of a test's recorder."""
    options = getattr(resource, "options", None) or {}
    props = {**(getattr(resource, "outputs", None) or {}), **resource.inputs}
    return Node(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        props=marked(props),
        parent=resource.parent or "",
        dependencies=frozenset(resource.dependencies),
        references=getattr(resource, "references", None),
        region=str(getattr(resource, "region", "")),
        protected=bool(getattr(resource, "protect", False) or options.get("retainOnDelete", False)),
    )
