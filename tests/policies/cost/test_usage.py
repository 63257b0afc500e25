"""Usage files: what they say, and everything that can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.cost.usage import HOURS, Usage, UsageError, load, read

DECLARED = [
    ("api-rest", "aws:apigateway/restApi:RestApi"),
    ("api-rest", "aws:apigateway/account:Account"),
    ("lake-raw", "aws:s3/bucket:Bucket"),
]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("hours = 0", "hours is 0; allowed: a number above 0, up to 744", id="no hours"),
        pytest.param("hours = 800", "hours is 800", id="more than a month"),
        pytest.param(
            "resorces = {}", "resorces is unknown; allowed: hours, resources; did you mean resources", id="typo"
        ),
        pytest.param("resources = 3", "resources is 3; allowed: tables", id="no tables"),
        pytest.param("[resources.a]\nrequets = 3", "requets is unknown; did you mean requests", id="metric typo"),
        pytest.param("[resources.a]\nrequests = -1", "requests is -1; allowed: a number from 0", id="negative"),
        pytest.param("[resources.a]\nrequests = nan", "requests is nan", id="no number"),
        pytest.param("[resources.a]\nrequests = true", "requests is True", id="truth"),
        pytest.param('[resources.a]\nrequests = "9"', "requests is '9'", id="text"),
        pytest.param("[resources.a]\nrequests = { x = 1 }", "allowed: a number from 0", id="kinds"),
        pytest.param("[resources.a]\njob_hours = 4", "allowed: amounts by kind", id="no kinds"),
        pytest.param(
            '[resources.a.job_hours]\n"ml.m5.large" = -4', "'a'.job_hours.ml.m5.large is -4", id="kind below 0"
        ),
        pytest.param("hours = ", "is no TOML", id="no TOML"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text, "load.toml")
    assert "load.toml" in str(caught.value)
    assert message in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(UsageError, match=r"(?s)3 problems.*hours.*reads.*writs"):
        read("hours = -1\n[resources.a]\nreads = -1\nwrits = 2")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = read(text)
    except UsageError as error:
        said, hours = str(error), HOURS
    else:
        said, hours = "read", found.hours
    assert said
    assert 0 < hours <= 744


def test_a_month_has_730_hours_where_nothing_is_said() -> None:
    assert read("").hours == HOURS == 730


def test_the_last_row_that_fits_counts() -> None:
    usage = read("[resources.'lake-*']\nreads = 1\nwrites = 2\n[resources.lake-raw]\nreads = 5")
    assert usage.of("lake-raw", ["reads", "writes"]) == {"reads": 5, "writes": 2}
    assert usage.of("lake-models", ["reads", "writes"]) == {"reads": 1, "writes": 2}


def test_what_a_type_is_not_charged_for_is_left_out() -> None:
    assert read("[resources.a]\nreads = 1").of("a", ["requests"]) == {}


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        pytest.param({"api-rst": {"requests": 1}}, "'api-rst' is no resource.*did you mean api-rest", id="name"),
        pytest.param({"api-rest": {"reads": 1}}, "reads means nothing for it; allowed: requests", id="metric"),
        pytest.param({"zzz*": {"reads": 1}}, "'zzz\\*' is no resource.*remove it", id="pattern"),
    ],
)
def test_a_row_that_fits_nothing_is_named_with_the_closest(
    resources: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Usage(resources=resources).check(DECLARED)


def test_rows_that_fit_are_taken() -> None:
    Usage(resources={"api-*": {"requests": 1}, "lake-raw": {"reads": 3, "storage_gb": 2}}).check(DECLARED)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"usage is '.*none.toml'; allowed: a file that can be read; No such file"):
        load(tmp_path / "none.toml")
