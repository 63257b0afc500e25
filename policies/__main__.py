"""The pack for the official engine: `pulumi preview --policy-pack policies`. Every rule is mandatory."""

from __future__ import annotations

import gc
import importlib.util
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyPack,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

if TYPE_CHECKING:
    from policies.exemptions import Exemption
    from policies.resources import Node, Stack
    from policies.rule import Rule

PACK = "mlplatform"
FRAMEWORKS = {
    "FSBP": ("AWS Foundational Security Best Practices", "1.0.0"),
    "CIS": ("CIS AWS Foundations Benchmark", "3.0.0"),
    "ML Lens": ("AWS Well-Architected Machine Learning Lens", "2025"),
}
Report = Callable[..., None]
_LAST: list[tuple[list[Any], Stack]] = []
"""The properties that were linked last, and what came of them."""


def importable() -> None:
    """Makes `policies` importable: the engine runs the folder as a script, and a published pack has another name."""
    here = Path(__file__).resolve().parent
    if "policies" in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        "policies", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{here} is no package; it must hold __init__.py")
    package = importlib.util.module_from_spec(spec)
    sys.modules["policies"] = package
    spec.loader.exec_module(package)


def plain(value: Any, path: str = "") -> Any:
    """The engine's properties as plain data, with Unknown where the engine does not know a value yet."""
    from policies.resources import UNKNOWN_MARKS, Unknown

    def item(holder: Any, key: Any, place: str) -> Any:
        try:
            return plain(holder[key], place)
        except UnknownValueError:
            return Unknown(place)

    if isinstance(value, str):
        return Unknown(path) if value in UNKNOWN_MARKS else value
    if isinstance(value, Mapping):
        return {key: item(value, key, f"{path}.{key}" if path else str(key)) for key in value}
    if isinstance(value, Sequence):
        return [item(value, number, f"{path}[{number}]") for number in range(len(value))]
    return value


def linked(resources: Iterable[Any]) -> Stack:
    """The engine's resources as the rules see them; once for all rules, which are given the same properties."""
    from policies.resources import Stack

    given = list(resources)
    props = [resource.props for resource in given]
    last = next(iter(_LAST), None)
    if last and len(last[0]) == len(props) and all(map(operator.is_, last[0], props)):
        return last[1]
    stack = Stack(_node(resource) for resource in given)
    _LAST[:] = [(props, stack)]
    return stack


def _node(resource: Any) -> Node:
    from policies.resources import Node

    props = plain(resource.props)
    provider = plain(resource.provider.props) if resource.provider else {}
    told = (props.get("region"), provider.get("region"))
    return Node(
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        props=props,
        parent=resource.parent.urn if resource.parent else "",
        dependencies=frozenset(other.urn for other in resource.dependencies),
        references={
            prop: frozenset(other.urn for other in others) for prop, others in resource.property_dependencies.items()
        },
        region=next((region for region in told if isinstance(region, str)), ""),
        protected=resource.opts.protect,
    )


def policy_of(rule: Rule, exemptions: Sequence[Exemption]) -> Policy:
    """The official policy of a rule. What is not decidable in a preview is judged again before the resource is made."""
    described: dict[str, Any] = {
        "name": rule.id,
        "description": rule.what,
        "enforcement_level": EnforcementLevel.MANDATORY,
        "severity": Severity(rule.severity),
        "framework": framework(rule),
        "tags": list(rule.controls) or None,
        "remediation_steps": rule.mend,
        "config_schema": PolicyConfigSchema(dict(rule.options)) if rule.options else None,
    }
    if rule.scope == "stack":

        def validate_stack(args: Any, report: Report) -> None:
            chosen = configured(rule, args.get_config())
            for node in linked(args.resources).of_type(*rule.types):
                _tell(chosen, node, exemptions, lambda message, urn=node.urn: report(message, urn))

        return StackValidationPolicy(validate=validate_stack, **described)

    def validate(args: Any, report: Report) -> None:
        from policies.resources import Node

        if args.resource_type not in rule.types:
            return
        node = Node(
            urn=args.urn,
            type=args.resource_type,
            name=args.name,
            props=plain(args.props),
            protected=args.opts.protect,
        )
        if unknown := _tell(configured(rule, args.get_config()), node, exemptions, report):
            args.not_applicable(f"not decidable: {unknown}")

    return ResourceValidationPolicy(validate=validate, **described)


def configured(rule: Rule, options: Mapping[str, Any]) -> Rule:
    """The rule with the options that the CLI was given for it."""
    given = {name: value for name, value in options.items() if name in rule.options}
    return rule if rule.configured is None or not given else replace(rule, check=rule.configured(given))


def _tell(rule: Rule, node: Node, exemptions: Sequence[Exemption], report: Report) -> str:
    """Reports a broken rule; gives what is not known where the rule is not decidable."""
    from policies.engine import exemption_for, judge, today_utc

    outcome, message = judge(rule, node)
    if outcome == "broken":
        row = exemption_for(rule, node, exemptions)
        if row is None or not row.in_force(today_utc()):
            report(message)
    return message if outcome == "undecided" else ""


def framework(rule: Rule) -> PolicyComplianceFramework | None:
    """The framework of the rule's first control."""
    for short, (name, version) in FRAMEWORKS.items():
        for control in rule.controls:
            if control.startswith(short):
                reference = control.removeprefix(short).strip()
                return PolicyComplianceFramework(name=name, version=version, reference=reference)
    return None


def exemption_policies(exemptions: Sequence[Exemption]) -> list[Policy]:
    """Exemptions are seen: an expired one stops the update, one in use is told with its reason and end."""
    from policies.engine import EXEMPTION_RULE, expired, judged, today_utc

    def in_force(_: Any, report: Report) -> None:
        for row in exemptions:
            if not row.in_force(today_utc()):
                report(expired(row).message)

    def summary(args: Any, report: Report) -> None:
        found = judged(linked(args.resources), exemptions=exemptions)
        for verdict in found.exempt:
            report(f"{verdict.rule} is broken and exempt: {verdict.message}", verdict.urn)
        for row in found.unused:
            report(f"no broken rule needs the exemption of {row.rule} for {row.resource!r}: remove it")
        if found.undecided:
            rules = ", ".join(sorted({verdict.rule for verdict in found.undecided}))
            report(f"{len(found.undecided)} verdicts are not decidable before the update: {rules}")

    return [
        StackValidationPolicy(
            name=EXEMPTION_RULE,
            description="No exemption's last day has passed.",
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=Severity.MEDIUM,
            validate=in_force,
        ),
        StackValidationPolicy(
            name="verdicts-not-held",
            description="What is exempt, and what cannot be decided before the update.",
            enforcement_level=EnforcementLevel.ADVISORY,
            severity=Severity.LOW,
            validate=summary,
        ),
    ]


def policies() -> list[Policy]:
    """Every policy of the pack, without starting the server."""
    importable()
    from policies.exemptions import EXEMPTIONS, problems
    from policies.rules import RULES

    if wrong := problems(EXEMPTIONS, {rule.id for rule in RULES}):
        raise ValueError("\n".join(wrong))
    return [*(policy_of(rule, EXEMPTIONS) for rule in RULES), *exemption_policies(EXEMPTIONS)]


if __name__ == "__main__":
    importable()
    from policies.unpacked import unpack_once

    unpack_once(importlib.import_module("pulumi_policy.policy"))
    # The pack lives as long as one command and makes no cycles: looking for some takes a third of its time.
    gc.disable()
    PolicyPack(name=PACK, policies=policies(), enforcement_level=EnforcementLevel.MANDATORY)
