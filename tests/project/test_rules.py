"""Rules about the repository itself."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("artifacts", "components", "functions", "operations", "policies", "sandbox", "training", "tests")

ALLOWED_IMPORTS = {
    "functions": {"functions"},
    "training": {"training"},
    "operations": {"operations"},
    "policies": {"policies"},
    "components": {"components", "functions", "training"},
    "sandbox": {"sandbox", "policies"},
    "artifacts": {"artifacts", "functions", "components", "policies", "sandbox"},
}
"""Which of our folders a folder may import. `sandbox` meets components and functions only by running them."""

DATA_ONLY = re.compile(
    r"functions\.(measures|routes|openapi|shared\.(settings|errors|headers|places)|[a-z_]+\.(settings|schemas))$|"
    r"training\.[a-z_]+$"
)
"""What components may know of functions and training: measures, routes, documents, schemas, settings, errors, headers,
places."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in sorted(listed.stdout.split("\n")) if name and (ROOT / name).is_file()]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", sorted(ALLOWED_IMPORTS))
def test_imports_follow_the_arrows(folder: str) -> None:
    ours = set(CODE)
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in tracked(f"{folder}/*.py")
        for name in imports(path)
        if name.split(".")[0] in ours - ALLOWED_IMPORTS[folder]
    ]
    assert wrong == []


def test_components_know_only_the_data_of_functions_and_training() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {node.module}"
        for path in tracked("components/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.split(".")[0] in {"functions", "training"}
        and not all(
            DATA_ONLY.match(f"{node.module}.{alias.name}") or DATA_ONLY.match(node.module) for alias in node.names
        )
    ]
    assert wrong == []


def test_only_the_packs_entry_point_knows_the_policy_server() -> None:
    servers = [
        path.name for path in tracked("policies/*.py") if "pulumi_policy" in {n.split(".")[0] for n in imports(path)}
    ]
    assert servers in ([], ["__main__.py"])


def test_silenced_checks_are_few_and_carry_a_reason() -> None:
    found = []
    for path in tracked("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"#\s*(noqa|type:\s*ignore)", line) and path != Path(__file__):
                found.append((f"{path.relative_to(ROOT)}:{number}", line))
    assert len(found) <= 20, "\n".join(place for place, _ in found)
    bare = [
        place for place, line in found if not re.search(r"(noqa: [A-Z0-9, ]+|ignore\[[a-z, -]+\]) *(#|-) *\S+", line)
    ]
    assert bare == []


def test_no_marks_of_unfinished_work() -> None:
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pytest\.mark\.skip\b|mock\.patch")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "Makefile", "*.toml")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert found == []


def test_locks_hold_hashes_and_no_address() -> None:
    locks = tracked("*.lock")
    assert {path.name for path in locks} == {"database.lock", "requirements.lock", "vendored.lock"}
    for path in locks:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "index-url" not in text, path
        assert text.count("--hash=sha256:") >= len(re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE))


def test_no_path_of_a_machine_and_no_registry_in_any_file() -> None:
    forbidden = re.compile(r"/root/|/home/[a-z]+/|/work/|/Users/|pypi\.org|pythonhosted|registry\.npmjs")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path != Path(__file__) and forbidden.search(path.read_bytes().decode("utf-8", "ignore"))
    ]
    assert found == []


def test_no_file_is_long_and_no_folder_is_crowded() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in tracked("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n"))
        > (400 if path.is_relative_to(ROOT / "tests") else 300)
    ]
    assert long == []
    folders: dict[Path, int] = {}
    for path in tracked("*.py"):
        folders[path.parent] = folders.get(path.parent, 0) + (path.name != "__init__.py")
    assert {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > 13} == {}
