"""Stacks and their configuration, and what a run leaves behind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import pytest

from sandbox.program import ProgramError, configuration, run, stacks


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: tiny\nruntime: python\nconfig:\n  size: {default: 1}\n  tiny:name: small\n",
    )
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  size: 3\n  tiny:deep: {a: [1, 2]}\n  aws:region: eu-west-1\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("")
    (tmp_path / "__main__.py").write_text(
        "import pulumi\nconfig = pulumi.Config()\n"
        "pulumi.export('size', config.require_int('size'))\npulumi.export('deep', config.get_object('deep'))\n",
    )
    return tmp_path


def test_a_stack_overrides_the_project(project: Path) -> None:
    assert configuration("dev", project) == (
        "tiny",
        {"tiny:size": "3", "tiny:name": "small", "tiny:deep": '{"a": [1, 2]}', "aws:region": "eu-west-1"},
    )
    assert configuration("prod", project) == ("tiny", {"tiny:size": "1", "tiny:name": "small"})


def test_the_program_reads_its_configuration(project: Path) -> None:
    assert run("dev", root=project).exports == {"size": 3, "deep": {"a": [1, 2]}}
    assert run("dev", root=project, config={"tiny:size": "9"}).exports["size"] == 9


def test_an_unknown_stack_is_told_with_those_there_are(project: Path) -> None:
    assert stacks(project) == ["dev", "prod"]
    with pytest.raises(ProgramError, match="unknown stack 'qa'; there are: dev, prod"):
        run("qa", root=project)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("Pulumi.dev.yaml", "config: [1", r"Pulumi\.dev\.yaml is not valid YAML"),
        ("Pulumi.dev.yaml", "- a\n", "must be a mapping, not list"),
        ("Pulumi.dev.yaml", "config: 3\n", "'config' must be a mapping"),
        ("Pulumi.dev.yaml", "config:\n  key: {secure: v1:abc}\n", "'key' is encrypted"),
        ("Pulumi.yaml", "runtime: python\n", "has no 'name'"),
    ],
    ids=["syntax", "list", "scalar", "encrypted", "nameless"],
)
def test_a_malformed_file_is_told_by_name(project: Path, file: str, text: str, told: str) -> None:
    (project / file).write_text(text)
    with pytest.raises(ProgramError, match=told):
        run("dev", root=project)


def test_a_missing_project_file_is_told(project: Path) -> None:
    (project / "Pulumi.yaml").unlink()
    with pytest.raises(ProgramError, match=r"Pulumi\.yaml is missing"):
        run("dev", root=project)


@pytest.mark.parametrize("body", ["", "raise SystemError('no')"], ids=["success", "failure"])
def test_a_run_leaves_the_process_as_it_was(project: Path, body: str) -> None:
    (project / "__main__.py").write_text(body)
    before = (Path.cwd(), list(sys.path), gc.isenabled(), os.environ.copy())
    if body:
        with pytest.raises(ProgramError, match="no"):
            run("dev", root=project)
    else:
        run("dev", root=project)
    assert (Path.cwd(), list(sys.path), gc.isenabled(), os.environ.copy()) == before
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
