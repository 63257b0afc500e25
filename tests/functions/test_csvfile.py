"""Whether a file is fit for training: each fault is named, with what is allowed and what to do."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.intake.csvfile import check
from functions.shared.tasks import WorkError


@dataclass(frozen=True)
class File:
    size: int
    key: str = "uploads/data.csv"
    bucket: str = "raw"


@dataclass(frozen=True)
class Wanted:
    target_column: str = "target"
    max_size_mb: int = 1


NOISE = random.Random(7).randbytes(4096)

BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty; upload a CSV file with a header and at least one row"),
    "blank lines": (b"\n\n", "holds no rows"),
    "header only": (b"age,target\n", "holds a header and no row"),
    "garbage": (NOISE, "is not UTF-8 text at byte"),
    "zipped": (gzip.compress(b"age,target\n1,yes\n2,no\n"), "is not UTF-8 text"),
    "binary": (b"age,target\n1,\0\n2,no\n", "holds binary data"),
    "no target": (
        b"age,label\n1,yes\n2,no\n",
        "column 'target' is missing in the first line, which has 2 columns; put the",
    ),
    "target only": (b"target\nyes\nno\n", "holds no column beside 'target'"),
    "a column without a name": (b"age,,target\n1,2,yes\n2,3,no\n", "columns 2 have no name"),
    "a column twice": (b"age,age,target\n1,2,yes\n2,3,no\n", "columns 1, 2 have a name twice; give each"),
    "a short row": (b"age,target\n1,yes\n2\n", "row 3 has 1 values and the header 2"),
    "one class": (b"age,target\n1,yes\n2,yes\n", "is the same in every row; rows of two or more classes are needed"),
    "an open quote": (b'age,target\n1,"yes\n2,no\n', "is not CSV"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_fault(name: str) -> None:
    content, says = BAD[name]
    with pytest.raises(WorkError) as raised:
        check(content, File(len(content)), Wanted())
    assert str(raised.value).startswith("the uploaded file: ")
    assert says in str(raised.value)


def test_a_gigabyte_is_refused_without_looking_at_it() -> None:
    with pytest.raises(WorkError, match="at most 1 MB are allowed; split or sample it"):
        check(b"", File(2**30), Wanted())


def test_a_long_line_without_an_end_is_refused() -> None:
    with pytest.raises(WorkError, match="has no line end"):
        check(b"x" * 5000, File(10**6), Wanted())


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(WorkError, match=r"is not named \.csv"):
        check(b"x", File(1, key="uploads/data.xlsx"), Wanted())


@pytest.mark.parametrize(
    "content",
    [
        b"age,target\n1,yes\n2,no\n",
        b"\xef\xbb\xbfage,target\r\n1,yes\r\n2,no\r\n",
        b'age,note,target\n1,"a, b\nc",yes\n2,"",no',
        "alter,größe,target\n1,2,ja\n2,3,nein\n".encode(),
    ],
)
def test_a_good_file_passes(content: bytes) -> None:
    check(content, File(len(content)), Wanted())


def test_the_first_part_may_end_in_the_middle_of_a_line_and_hold_one_class() -> None:
    check(b"age,target\n1,yes\n2,yes\n3,n", File(500_000), Wanted())


@given(st.binary(max_size=300), st.integers(0, 10**6))
def test_whatever_lies_there_the_answer_is_yes_or_a_reason_with_a_remedy(content: bytes, more: int) -> None:
    reason = reason_of(content, File(len(content) + more))
    assert reason is None or (reason.startswith("the uploaded file: ") and "; " in reason)


def reason_of(content: bytes, file: File) -> str | None:
    try:
        check(content, file, Wanted())
    except WorkError as error:
        return str(error)
    return None
