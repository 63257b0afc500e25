"""The site's files: what each is, how long it is kept, and the rule that gives pages the app."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings import SettingsError
from components.site.content import ALWAYS, DAY, TYPES, YEAR, cache_control, files
from components.site.documents import PAGES

NODE = shutil.which("node")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("index.html", ALWAYS),
        ("config.json", ALWAYS),
        ("service-worker.js", ALWAYS),
        ("app.webmanifest", ALWAYS),
        ("index-BdK3x9Zq.js", YEAR),
        ("main.9f86d081.css", YEAR),
        ("main.9f86d081.css.map", YEAR),
        ("logo-1a2b3c4d5e.svg", YEAR),
        ("favicon.ico", DAY),
        ("bootstrap.css", DAY),
        ("page-translations.json", DAY),
    ],
)
def test_only_names_with_a_digest_are_kept_for_a_year(name: str, kept: str) -> None:
    assert cache_control(name) == kept


def test_a_folder_that_is_not_there_has_no_files() -> None:
    assert files("no/such/folder") == []


def test_files_come_in_the_same_order_with_relative_paths(tmp_path: Path) -> None:
    for name in ("b.css", "a/z.js", "index.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [(row["key"], row["path"]) for row in files(f"{tmp_path}/")] == [
        ("a/z.js", f"{tmp_path}/a/z.js"),
        ("b.css", f"{tmp_path}/b.css"),
        ("index.html", f"{tmp_path}/index.html"),
    ]


def test_every_file_without_a_known_type_is_named_with_the_remedy(tmp_path: Path) -> None:
    for name in ("index.html", "run.exe", "README"):
        (tmp_path / name).touch()
    with pytest.raises(SettingsError, match=r"holds README, run\.exe; allowed: names ending in \.css, .* rename them"):
        files(str(tmp_path))


@given(st.from_regex(r"[a-zA-Z0-9_.-]{1,40}", fullmatch=True), st.sampled_from(sorted(TYPES)))
def test_pages_are_never_kept_and_every_name_has_an_answer(stem: str, ending: str) -> None:
    found = cache_control(f"{stem}{ending}")
    assert found in {ALWAYS, DAY, YEAR}
    assert ending != ".html" or found == ALWAYS


PATHS = {
    "/": "/index.html",
    "/models": "/index.html",
    "/models/": "/index.html",
    "/models/v1.2/compare": "/index.html",
    "/index.html": "/index.html",
    "/assets/index-BdK3x9Zq.js": "/assets/index-BdK3x9Zq.js",
    "/favicon.ico": "/favicon.ico",
    "/missing.png": "/missing.png",
}


@pytest.mark.skipif(NODE is None, reason="runs JavaScript, so it needs node")
def test_paths_of_pages_lead_to_the_app_and_files_to_themselves() -> None:
    asked = f"{json.dumps(list(PATHS))}.map(path => handler({{request: {{uri: path}}}}).uri)"
    program = f"{PAGES}\nconsole.log(JSON.stringify({asked}))"
    done = subprocess.run([str(NODE), "-e", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == list(PATHS.values())


def test_the_rule_fits_cloudfronts_limits() -> None:
    assert len(PAGES.encode()) <= 10 * 1024
    assert "function handler(event)" in PAGES
