"""The generated pages of docs/reference, each made from the table that it describes."""

from __future__ import annotations

from artifacts.build import ROOT, write

FOLDER = ROOT / "docs" / "reference"


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    from artifacts.alarms import page as alarms
    from artifacts.api import page as api
    from artifacts.requirements import page as requirements
    from components.data_lake.reference import page as data_lake
    from components.settings.reference import page as settings
    from components.tables.reference import page as tables
    from policies.cost.evaluate import stack_of, stacks
    from policies.cost.reference import page as cost
    from policies.matrix import page as controls
    from policies.reference import page as policies
    from policies.rules.rights.page import page as wildcards
    from sandbox.report import page as sandbox
    from sandbox.report import plan

    declared = {stack: stack_of(plan(stack)) for stack in stacks()}
    return {
        "alarms.md": alarms(),
        "api.md": api(),
        "controls.md": controls(declared),
        "cost.md": cost(declared),
        "policies.md": policies(),
        "requirements.md": requirements(),
        "sandbox.md": sandbox(),
        "data-lake.md": data_lake(),
        "settings.md": settings(),
        "tables.md": tables(),
        "wildcards.md": wildcards(declared),
    }


def write_all() -> list[str]:
    """Writes every page; returns their paths in the repository."""
    made = pages()
    for name, text in made.items():
        write(FOLDER / name, text.encode())
    return [f"docs/reference/{name}" for name in made]
