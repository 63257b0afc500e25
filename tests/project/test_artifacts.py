"""What `make package` builds depends on its content alone."""

from __future__ import annotations

import ast
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts import functions
from artifacts.archives import digest_of, tar_gz_bytes, tree, zip_bytes
from artifacts.build import Part, build_all, read_stamps
from artifacts.training import libraries
from artifacts.wheels import prune

names = st.text("abcdefghij/._-", min_size=1, max_size=12).filter(
    lambda name: not name.startswith(("/", ".")) and not name.endswith("/") and "//" not in name
)
members = st.dictionaries(names, st.binary(max_size=200), max_size=6)


@given(members)
def test_an_archive_depends_on_content_not_on_order(content: dict[str, bytes]) -> None:
    turned = dict(reversed(content.items()))
    assert zip_bytes(content) == zip_bytes(turned)
    assert tar_gz_bytes(content) == tar_gz_bytes(turned)
    assert digest_of(content) == digest_of(turned)


@given(members)
def test_an_archive_gives_back_what_was_put_in(content: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes(content))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == content
    with tarfile.open(fileobj=io.BytesIO(tar_gz_bytes(content))) as packed:
        assert sorted(packed.getnames()) == sorted(content)


@given(members, members)
def test_different_contents_have_different_digests(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


def test_byte_code_and_dates_do_not_reach_an_archive(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("value = 1\n")
    before = zip_bytes(tree(tmp_path))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.cpython-311.pyc").write_bytes(b"x")
    os.utime(tmp_path / "module.py", (0, 0))
    assert zip_bytes(tree(tmp_path)) == before


@pytest.mark.parametrize("capability", functions.capabilities())
def test_a_capabilitys_archive_holds_its_own_code_and_what_is_shared(capability: str) -> None:
    names = set(functions.members(capability))
    assert f"functions/{capability}/handler.py" in names
    assert "functions/__init__.py" in names
    others = set(functions.capabilities()) - {capability}
    assert not [name for name in names if name.split("/")[1] in others]
    assert (functions.OPENAPI in names) == (capability == "system")


@pytest.mark.parametrize("capability", functions.capabilities())
def test_a_capabilitys_archive_has_every_module_that_it_imports(capability: str) -> None:
    found = functions.members(capability)
    wanted = {
        str(node.module).replace(".", "/")
        for name, content in found.items()
        if name.endswith(".py")
        for node in ast.walk(ast.parse(content))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("functions.")
    }
    assert sorted(name for name in wanted if not {f"{name}.py", f"{name}/__init__.py"} & set(found)) == []


def test_the_training_code_packs_the_libraries_that_are_imported_and_no_others(tmp_path: Path) -> None:
    kept = ("onnxruntime/__init__.py", "onnxruntime/capi/onnxruntime_pybind11_state.so", "onnx/helper.py")
    left = ("onnxruntime/capi/libonnxruntime.so.1.23.2", "onnxruntime/tools/tool.py", "onnx/test/test_helper.py")
    for name in (*kept, *left):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert set(libraries(tmp_path)) == {f"lib/{name}" for name in kept}


def test_what_names_the_machine_is_pruned_from_wheels(tmp_path: Path) -> None:
    for name in (
        "bin/tool",
        "a-1.dist-info/RECORD",
        "a-1.dist-info/METADATA",
        "a/tests/test_a.py",
        "a/core.py",
        "a/core.pyi",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    prune(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a-1.dist-info/METADATA", "a/core.py"}


def test_a_part_is_built_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    built: list[str] = []
    target = tmp_path / "thing"

    def part(inputs: str) -> Part:
        def build() -> None:
            built.append(inputs)
            target.write_text(inputs)

        return Part("thing", inputs, (target,), build)

    for inputs in ("one", "one", "two"):
        build_all([part(inputs)], tmp_path, lambda _: None)
    target.unlink()
    build_all([part("two")], tmp_path, lambda _: None)
    assert built == ["one", "two", "two"]


def test_an_interrupted_build_leaves_its_part_stale(tmp_path: Path) -> None:
    target = tmp_path / "thing"

    def stop() -> None:
        target.write_text("half")
        raise KeyboardInterrupt

    build_all([Part("thing", "one", (target,), target.touch)], tmp_path, lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        build_all([Part("thing", "two", (target,), stop)], tmp_path, lambda _: None)
    assert read_stamps(tmp_path) == {}


def test_a_damaged_record_of_builds_means_building_again(tmp_path: Path) -> None:
    (tmp_path / "stamps.json").write_text("{half")
    assert read_stamps(tmp_path) == {}
