"""Every `aws` command of the runbooks exists, with its options: a typing error would show only in an emergency."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from botocore import xform_name

from sandbox.cloud import service_model
from sandbox.drill.runbook import read

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(path for path in (ROOT / "docs" / "runbooks").glob("*.md") if "\n## Steps\n" in path.read_text("utf-8"))
GENERAL = {"--cli-read-timeout", "--query", "--output", "--region", "--no-paginate", "--max-items", "--cli-input-json"}
_COMMAND = re.compile(r"(?<![\w/-])aws ((?:\\\n|[^\n|;&>)])+)")


def commands(path: Path) -> list[list[str]]:
    page = read(path)
    blocks = [page.variables, *(part for step in page.steps for part in (step.command, step.check))]
    # Quoted texts may hold any character: they are no options and are cut out first.
    plain = [re.sub(r"'[^']*'|\"(?:[^\"\\$]|\\.|\$(?!\())*\"", "TEXT", block.replace("\\\n", " ")) for block in blocks]
    return [shlex.split(found[1].replace('"', " ")) for block in plain for found in _COMMAND.finditer(block)]


def test_the_pages_have_commands() -> None:
    assert sum(len(commands(path)) for path in PAGES) >= 5


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_command_and_its_options_exist(path: Path) -> None:
    for words in commands(path):
        service, operation, *rest = words
        if service in ("s3", "configure"):
            continue
        model = service_model({"s3api": "s3"}.get(service, service))
        known = {xform_name(name, "-"): name for name in model.operation_names}
        if operation == "wait":
            continue
        assert operation in known, f"{path.name}: aws {service} {operation}"
        shape = model.operation_model(known[operation]).input_shape
        members = {xform_name(name, "-"): member for name, member in (shape.members if shape else {}).items()}
        options = {f"--{name}" for name in members}
        options |= {f"--no-{name}" for name, member in members.items() if member.type_name == "boolean"}
        unknown = [word for word in rest if word.startswith("--") and word not in options | GENERAL]
        assert unknown == [], f"{path.name}: aws {service} {operation}"
        needed = {f"--{xform_name(name, '-')}" for name in (shape.required_members if shape else [])}
        assert needed <= set(rest), f"{path.name}: aws {service} {operation} lacks {needed - set(rest)}"
