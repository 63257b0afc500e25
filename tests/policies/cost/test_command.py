"""The command: stacks, other stacks, other commits, and what is refused."""

from __future__ import annotations

import json
import subprocess
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest

from policies.cost.__main__ import main, progress
from policies.cost.evaluate import Evaluation, EvaluationError, checkout


def test_an_unknown_stack_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "prd"]) == 1
    assert "error: stack is 'prd'; allowed: dev, prod, staging" in capsys.readouterr().err


def test_an_unknown_commit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--against", "no-such-commit"]) == 1
    assert (
        "against is 'no-such-commit'; allowed: dev, prod, staging, or a commit such as HEAD~1"
        in capsys.readouterr().err
    )


def test_a_wrong_usage_file_is_refused_before_anything_is_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "load.toml"
    path.write_text("[resources.api-rest]\nrequets = 3\n", encoding="utf-8")
    assert main(["--usage", str(path)]) == 1
    assert "did you mean requests?" in capsys.readouterr().err


@pytest.mark.parametrize(("person", "told"), [(True, "evaluating prod …\n"), (False, "")], ids=["person", "pipe"])
def test_who_waits_is_told_for_what(*, person: bool, told: str) -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return person

    with redirect_stderr(Screen()) as screen:
        progress("evaluating prod")
    assert screen.getvalue() == told


def test_a_stack_is_compared_with_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "staging", "--against", "dev", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["against"]["name"] == "dev"
    assert document["against"]["difference"] == pytest.approx(
        document["total"] - document["against"]["total"], abs=0.02
    )
    assert document["against"]["components"]["endpoint"] > 0


def test_a_program_that_fails_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: broken\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text('raise ValueError("no such thing")\n', encoding="utf-8")
    with pytest.raises(EvaluationError, match="stack 'dev': the program failed: no such thing"):
        Evaluation("dev", tmp_path).stack()


def test_another_commit_is_read_without_touching_the_working_tree(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "file").write_text("then", encoding="utf-8")
    git("add", "file")
    git("commit", "-q", "-m", "one")
    (tmp_path / "file").write_text("now", encoding="utf-8")
    with checkout("HEAD", tmp_path) as folder:
        assert (folder / "file").read_text(encoding="utf-8") == "then"
    assert not folder.exists()
    assert (tmp_path / "file").read_text(encoding="utf-8") == "now"
