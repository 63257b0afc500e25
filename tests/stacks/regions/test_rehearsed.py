"""The stack that the drill of a region starts where none of two regions runs: it has to be one that may be deployed."""

from __future__ import annotations

from policies import RULES, check
from sandbox.drill.kinds.region import Region
from tests.stacks.platform import configuration, run, shared


def test_the_stack_of_a_drill_breaks_no_rule_and_has_a_database_in_both_regions() -> None:
    recording = run("dev", shared(), config=Region().overrides(configuration("dev")))
    # The recorder does not apply the provider's default tags.
    rules = [rule for rule in RULES if rule.id != "tags-present"]
    report = check([found for found in recording.resources if found.custom], rules=rules)
    assert [f"{verdict.rule}: {verdict.message}" for verdict in report.broken] == []
    assert len({found.region for found in recording.of_type("aws:rds/cluster:Cluster")}) == 2
