"""Reading CSV files as strangers send them."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.support import ROOT, numbers, write_csv
from training.data.labels import labels_of
from training.data.table import Table, read
from training.data.text import files_in
from training.problems import MOST_SHOWN, DataError

ROW = "1,2,yes\n"


def load(path: Path, target: str = "target") -> Table:
    return read(files_in(path, 512), target)


def refused(path: Path, content: bytes | str, target: str = "target") -> str:
    path = path / "data.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as raised:
        labels_of(load(path, target).columns[target])
    return str(raised.value)


def rows(*changed: str, count: int = 40) -> str:
    """A sound table with some rows put in the place of the first ones."""
    lines = [f"{n},{n % 7},{'yes' if n % 2 else 'no'}" for n in range(count)]
    return "a,b,target\n" + "\n".join([*changed, *lines[len(changed) :]]) + "\n"


BAD: dict[str, tuple[bytes | str, str]] = {
    "empty file": ("", "data.csv: is empty; allowed: a header and rows of data"),
    "only blanks": (" \n\n ", "data.csv: is empty"),
    "header only": ("a,b,target\n", "0 rows of data; allowed: 30 rows or more"),
    "too few rows": (rows(count=29), "29 rows of data; allowed: 30 rows or more"),
    "no target column": ("a,b,c\n" + ROW * 40, "no target column 'target' among 'a', 'b', 'c'"),
    "no header": ("1,2,3\n" + ROW * 40, "the first row holds numbers; allowed: the names of the columns"),
    "only the target": ("target\n" + "yes\nno\n" * 20, "no column but the target; allowed: one feature or more"),
    "semicolons": ("a;b;target\n" + "1;2;yes\n" * 40, "header: no comma; allowed: fields separated by commas"),
    "same name twice": ("a,a,target\n" + ROW * 40, "'a' names columns 1, 2; allowed: each name once"),
    "column without name": ("a,,target\n" + ROW * 40, "column 2 has no name"),
    "endless name": (f"{'a' * 200},b,target\n" + ROW * 40, "allowed: at most 128 printable characters"),
    "field missing in a row": (rows("1,yes"), "data.csv, row 2: has 2 fields, the header has 3"),
    "field too many in a row": (rows("1,2,3,yes"), "data.csv, row 2: has 4 fields, the header has 3"),
    "text in numbers": (rows("1,2,no", "twelve,2,no"), "column 'a', row 3: text in a column of numbers"),
    "infinite": (rows("inf,2,no"), "column 'a', row 2: no finite number"),
    "not a number": (rows("1,NaN,no"), "column 'b', row 2: no finite number"),
    "too large a number": (rows("1,1e300,no"), "column 'b', row 2: no finite number"),
    "digits with underscores": (rows("1_000,1,no"), "column 'a', row 2: text in"),
    "empty column": ("a,b,target\n" + ",1,yes\n,1,no\n" * 20, "column 'a': is empty in every row"),
    "names of rows": (
        "a,b,target\n" + "".join(f"name{n},1,{n % 2}\n" for n in range(200)),
        "column 'a': holds more than 100 different texts",
    ),
    "one class only": ("a,b,target\n" + ROW * 40, "only the class 'yes'; allowed: two classes or more"),
    "rare class": (rows("1,2,maybe"), "class 'maybe' has 1 rows; allowed: 5 rows or more of each class"),
    "empty target": (rows("1,2,"), "target column 'target', row 2: 1 empty cells"),
    "amounts as target": (
        "a,b,target\n" + "".join(f"{n},{n},{n}.5\n" for n in range(200)),
        "more than 100 different values; allowed: 2 to 100 classes",
    ),
    "not UTF-8": (rows().encode() + b"1,\xe9,yes\n", "data.csv, row 42: byte 3 is not UTF-8"),
    "binary": (b"a,b\0,target\n", "byte 3 is zero: this is binary data"),
    "binary behind the start": (rows().encode() + b"#" * 70_000 + b"\0\n", "row 42: holds a zero byte"),
    "gzip": (b"\x1f\x8b\x08" + b"0" * 99, "is a gzip archive; allowed: CSV text"),
    "Excel": (b"PK\x03\x04" + b"0" * 99, "is a zip archive or an Excel file"),
    "Parquet": (b"PAR1" + b"0" * 99, "is a Parquet file"),
    "UTF-16": ("a,b,target\n".encode("utf-16"), "is UTF-16 text"),
    "open quote": (rows('"1,2,yes') + ROW * 20_000, "field larger than field limit"),
    "stray quote": (rows('"1"x,2,yes'), "row 2: ',' expected after '\"'"),
    "endless line": (b"a" * (2 << 20), "row 1: a line longer than 1024 KB"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD.keys())
def test_bad_data_is_refused_by_name(tmp_path: Path, content: bytes | str, message: str) -> None:
    assert message in refused(tmp_path, content)


def test_every_problem_says_what_is_allowed_and_what_to_do(tmp_path: Path) -> None:
    for content, _ in BAD.values():
        for line in refused(tmp_path, content).splitlines():
            assert "; allowed: " in line or line.startswith("reading stopped")
            assert line.count("; ") >= 2 or line.startswith("reading stopped")


@pytest.mark.parametrize("content", [rows(*["1,2"] * 40), rows('"a"b,1,no'), "a,a,target\n"])
def test_a_file_that_is_refused_is_closed_at_once(tmp_path: Path, content: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(content)
    with pytest.raises(DataError) as raised:
        load(tmp_path, "target")
    # What was raised still holds the frames of the readers.
    assert raised.tb is not None
    assert str(path) not in {os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()}


def test_all_columns_with_problems_are_named_together(tmp_path: Path) -> None:
    text = refused(tmp_path, rows("x,inf,no"))
    assert "column 'a', row 2" in text
    assert "column 'b', row 2" in text


def test_a_file_of_wrong_rows_is_given_up_early(tmp_path: Path) -> None:
    text = refused(tmp_path, "a,b,target\n" + "1,2\n" * 100_000)
    assert len(text.splitlines()) == MOST_SHOWN + 1


def test_a_gigabyte_of_garbage_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "garbage.csv"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    began = time.monotonic()
    with pytest.raises(DataError, match=r"garbage.csv: 1,024 MB; allowed: at most 512 MB"):
        files_in(tmp_path, 512)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "line", [b"\x00" * 64, b"lorem ipsum, dolor\n", b'"' + b"x" * 62 + b"\n"], ids=["zeros", "text", "quotes"]
)
def test_garbage_below_the_limit_takes_little_memory(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "garbage.csv"
    path.write_bytes(b"a,b,target\n" + line * (40_000_000 // len(line)))
    done = subprocess.run(
        [sys.executable, "-m", "training.preprocess", "--input", str(path), "--output", str(tmp_path / "out")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (200 << 20, 200 << 20)),
    )
    assert done.returncode == 1
    told = json.loads(done.stderr)
    assert (told["level"], told["function"]) == ("ERROR", "preprocess")
    assert told["message"].startswith("preprocess failed:\ngarbage.csv")
    assert not (tmp_path / "out").exists()


def test_no_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no file; allowed: one or more CSV files"):
        files_in(tmp_path, 512)
    with pytest.raises(DataError, match="does not exist"):
        files_in(tmp_path / "missing", 512)


def test_files_of_one_kind_are_read_together_in_any_order_of_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "1.csv", ["a", "b", "target"], numbers(30))
    write_csv(tmp_path / "2.csv", ["target", "a", "b"], [[c, a, b] for a, b, c in numbers(30)])
    table = load(tmp_path)
    assert table.rows == 60
    assert list(table.columns["a"].numbers[:30]) == list(table.columns["a"].numbers[30:])


def test_files_of_two_kinds_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "1.csv", ["a", "b", "target"], numbers(30))
    write_csv(tmp_path / "2.csv", ["a", "c", "target"], numbers(30))
    with pytest.raises(DataError, match=r"2.csv, header: differs from the first file's: 'b', 'c'"):
        load(tmp_path)


def test_byte_order_mark_blank_lines_and_quoted_breaks_are_harmless(tmp_path: Path) -> None:
    lines = "".join(f'{n},"x\n{n % 3}",{n % 2}\n\n' for n in range(40))
    (tmp_path / "data.csv").write_bytes(b"\xef\xbb\xbfa,b,target\n" + lines.encode())
    table = load(tmp_path)
    assert list(table.columns) == ["a", "b", "target"]
    assert set(table.columns["b"].texts) == {"x\n0", "x\n1", "x\n2"}


def test_equal_numbers_are_one_class_however_written(tmp_path: Path) -> None:
    write_csv(tmp_path / "data.csv", ["a", "target"], [[n, ("1", "1.0", "2")[n % 3]] for n in range(60)])
    labels = labels_of(load(tmp_path).columns["target"])
    assert labels.classes == (1, 2)
    assert labels.codes.sum() == 20


@given(st.lists(st.floats(-3e38, 3e38) | st.none(), min_size=30, max_size=60))
def test_finite_numbers_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None]
) -> None:
    path = tmp_path_factory.mktemp("numbers") / "data.csv"
    cells = ["" if value is None else repr(value) for value in values]
    write_csv(path, ["a", "b", "target"], [[cell, 1, n % 2] for n, cell in enumerate(cells)])
    if not any(cells):
        with pytest.raises(DataError, match="is empty in every row"):
            load(path)
        return
    read_back = load(path).columns["a"].numbers
    assert [None if math.isnan(number) else number for number in read_back] == values


@given(st.binary(max_size=2000) | st.text(max_size=2000).map(str.encode))
def test_any_bytes_are_a_table_or_a_named_problem(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "data.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        load(path)
    assert raised.value.problems
